// How many fields an aggregate has, so that a record's description that forgets one does not
// compile.
#pragma once

#include <cstddef>

namespace sheaf::store {

/// Converts to anything; only ever used unevaluated.
struct AnyValue {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

/// The number of fields of the aggregate T, by trying how many initialisers it takes.
template <typename T, typename... Values>
consteval std::size_t field_count() {
  if constexpr (requires { T{Values{}..., AnyValue{}}; }) {
    return field_count<T, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

}  // namespace sheaf::store
