#include "scheduler/core/iteration_inputs.h"

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/model/for_each_inputs.h"

namespace sheaf::core {
namespace {

Failure too_long() {
  return fail(ErrorCode::kExhausted,
              "the inputs of a for-each task are longer than " +
                  std::to_string(limits::kMaxIterationInputBytes >> 20) + " MiB");
}

}  // namespace

void IterationInputs::add(std::string_view element) {
  // Inside a JSON text a raw newline is white space: in strings it is escaped.
  for (const char c : element) {
    lines_.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
  ends_.push_back(static_cast<std::uint32_t>(lines_.size()));
  lines_.push_back('\n');
}

Result<IterationInputs> IterationInputs::from_array(std::string_view json) {
  if (json.size() > limits::kMaxIterationInputBytes) {
    return too_long();
  }
  const auto elements = model::parse_inputs(json);
  if (!elements) {
    return fail(elements.error());
  }
  IterationInputs inputs;
  inputs.lines_.reserve(json.size() + 1);
  inputs.ends_.reserve(elements->size());
  for (const std::string& element : *elements) {
    inputs.add(element);
  }
  return inputs;
}

Result<IterationInputs> IterationInputs::from_lines(std::string_view text) {
  if (text.size() > limits::kMaxIterationInputBytes) {
    return too_long();
  }
  IterationInputs inputs;
  inputs.lines_.reserve(text.size() + 1);
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    const auto element = model::parse_input_line(line);
    if (!element) {
      return fail(element.error(), "line " + std::to_string(number));
    }
    if (inputs.ends_.size() == limits::kMaxIterations) {
      return fail(
          ErrorCode::kExhausted,
          "a for-each task has at most " + std::to_string(limits::kMaxIterations) + " inputs");
    }
    inputs.add(*element);
  }
  inputs.ends_.shrink_to_fit();
  return inputs;
}

IterationInputs IterationInputs::from_stored(std::string lines) {
  IterationInputs inputs;
  inputs.lines_ = std::move(lines);
  for (std::size_t i = 0; i < inputs.lines_.size(); ++i) {
    if (inputs.lines_[i] == '\n') {
      inputs.ends_.push_back(static_cast<std::uint32_t>(i));
    }
  }
  inputs.ends_.shrink_to_fit();
  return inputs;
}

std::string_view IterationInputs::at(std::uint32_t index) const {
  SHEAF_CHECK(index < ends_.size(), "there is no such input");
  const std::uint32_t begin = index == 0 ? 0 : ends_[index - 1] + 1;
  return std::string_view(lines_).substr(begin, ends_[index] - begin);
}

}  // namespace sheaf::core
