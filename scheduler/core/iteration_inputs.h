// The inputs of a for-each task: one JSON text an iteration, in one block of memory.
//
// Kept as lines of compact JSON with the offset of each: about five bytes an input beside its text.
// Immutable. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::core {

class IterationInputs {
 public:
  /// The elements of a JSON array, as they are written. Fails with kInvalid when `json` is none, or
  /// has too many elements (limits::kMaxIterations).
  [[nodiscard]] static Result<IterationInputs> from_array(std::string_view json);

  /// One JSON value a line; empty lines are passed over. Fails with kInvalid and the number of the
  /// first line that is none, or when there are too many.
  [[nodiscard]] static Result<IterationInputs> from_lines(std::string_view text);

  /// The inverse of lines(). REQUIRES: `lines` came from there.
  [[nodiscard]] static IterationInputs from_stored(std::string lines);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
  /// The JSON text of input `index`. REQUIRES: index < size().
  [[nodiscard]] std::string_view at(std::uint32_t index) const;
  /// All inputs, each ended by a newline.
  [[nodiscard]] const std::string& lines() const { return lines_; }

 private:
  void add(std::string_view element);

  std::string lines_;
  std::vector<std::uint32_t> ends_;  ///< Offset of each line's newline.
};

using InputsPointer = std::shared_ptr<const IterationInputs>;

}  // namespace sheaf::core
