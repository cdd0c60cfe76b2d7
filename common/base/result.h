// Result<T>: a value or an Error. A function that may fail because of the world returns one.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "common/base/error.h"

namespace sheaf {

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Failure = tl::unexpected<Error>;

/// Makes the failed state of any Result<T>: `return fail(ErrorCode::kNotFound, "no such run");`
[[nodiscard]] inline Failure fail(ErrorCode code, std::string message) {
  return Failure(Error{.code = code, .message = std::move(message)});
}

/// Hands an error on: `if (!rows) return fail(rows.error());`
[[nodiscard]] inline Failure fail(Error error) {
  return Failure(std::move(error));
}

/// Hands an error on with "`context`: " in front.
[[nodiscard]] inline Failure fail(const Error& error, std::string_view context) {
  return Failure(error.with_context(context));
}

}  // namespace sheaf
