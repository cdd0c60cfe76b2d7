// What may go wrong in the world, as values. A code says what the caller may do about it; the
// message says what happened and where. Bugs are not errors: they are SHEAF_CHECK.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sheaf {

enum class ErrorCode {
  kInvalid,       ///< The request cannot be given a meaning: change it.
  kNotFound,      ///< The named thing does not exist.
  kConflict,      ///< True in itself, but not now: somebody else changed or holds it.
  kUnauthorized,  ///< No credentials, or not enough of them.
  kUnavailable,   ///< The other side does not answer: try again later.
  kTimeout,       ///< The wait had its deadline.
  kExhausted,     ///< A limit or the disk is full.
  kCorrupt,       ///< Stored or received bytes are not what they must be.
  kUnsupported,   ///< Known, but not done here.
  kInternal,      ///< None of the above; a report is welcome.
};

/// The stable text of a code, e.g. "not_found".
[[nodiscard]] std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  /// The same error with "`context`: " in front; used where an error crosses a layer.
  [[nodiscard]] Error with_context(std::string_view context) const;

  friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace sheaf
