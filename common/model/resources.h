// What an attempt may need of its worker, as text: amounts of memory and labels. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"
#include "common/model/job_settings.h"

namespace sheaf::model {

/// Bytes of "4GiB", "512MB", "1.5 GiB" or "1048576": KiB, MiB, GiB and TiB are powers of 1024, kB
/// (or KB), MB, GB and TB of 1000. Parts of a byte are dropped. Fails with kInvalid, also for 0 and
/// more than kMaxMemoryBytes.
[[nodiscard]] Result<std::int64_t> parse_memory(std::string_view text);

inline constexpr std::int64_t kMaxMemoryBytes = std::int64_t{1} << 50;

/// True for "fast-disk" and "zone=b": letters, digits, `_`, `-`, `.` and `/` on each side of at
/// most one `=`, at most 128 bytes.
[[nodiscard]] bool is_label(std::string_view label);

/// Adds what `shared` asks for where `own` does not ask itself; labels are joined.
void add_needs(ResourceRequest& own, const ResourceRequest& shared);

}  // namespace sheaf::model
