// What the two visitors of a record's description share; see encoder.h and decoder.h.
//
// A record is described once, by `fields(visitor, record)`, so that writing and reading cannot
// disagree. Threads: none of its own.
#pragma once

#include <type_traits>

namespace sheaf::store {

/// The last enumerator of E: larger stored numbers are corrupt. Each stored enumeration specialises
/// it.
template <typename E>
extern const E kLastOf;

template <typename T>
concept Enumeration = std::is_enum_v<T>;

/// Marks a field that stands in a record but not in its stored form.
struct NotStored {};

}  // namespace sheaf::store
