#include "scheduler/core/iteration_inputs.h"

#include <boost/json/stream_parser.hpp>

#include "common/base/check.h"
#include "common/base/limits.h"

namespace sheaf::core {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// Says what kind of JSON value the text is; false when it is none.
bool parse_kind(std::string_view text, boost::json::kind& kind) {
  boost::json::error_code error;
  boost::json::stream_parser parser;
  parser.write(text.data(), text.size(), error);
  if (!error) {
    parser.finish(error);
  }
  if (error) {
    return false;
  }
  kind = parser.release().kind();
  return true;
}

Failure too_many() {
  return fail(ErrorCode::kInvalid,
              "a for-each task has at most " + std::to_string(limits::kMaxIterations) + " inputs");
}

/// Cuts a valid JSON array into the texts of its elements.
class ArrayCutter {
 public:
  explicit ArrayCutter(std::string_view array) : rest_(array.substr(1, array.size() - 2)) {}

  /// False when there is no further element.
  bool next(std::string_view& element) {
    if (trimmed(rest_.substr(position_)).empty()) {
      return false;
    }
    const std::size_t begin = position_;
    while (position_ < rest_.size() && (depth_ > 0 || is_quoted_ || rest_[position_] != ',')) {
      advance();
    }
    element = trimmed(rest_.substr(begin, position_ - begin));
    position_ = position_ < rest_.size() ? position_ + 1 : position_;
    return true;
  }

 private:
  void advance() {
    const char c = rest_[position_];
    if (is_quoted_) {
      position_ += c == '\\' ? 2 : 1;
      is_quoted_ = c != '"';
      return;
    }
    is_quoted_ = c == '"';
    depth_ += c == '[' || c == '{' ? 1 : 0;
    depth_ -= c == ']' || c == '}' ? 1 : 0;
    ++position_;
  }

  std::string_view rest_;
  std::size_t position_ = 0;
  int depth_ = 0;
  bool is_quoted_ = false;
};

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
  const std::string_view array = trimmed(json);
  boost::json::kind kind{};
  if (!parse_kind(array, kind) || kind != boost::json::kind::array) {
    return fail(ErrorCode::kInvalid,
                "the inputs of a for-each task are a JSON array, not \"" +
                    std::string(array.substr(0, 80)) + "\"");
  }
  if (array.size() > limits::kMaxIterationInputBytes) {
    return fail(ErrorCode::kInvalid, "the inputs of a for-each task are too long");
  }
  IterationInputs inputs;
  ArrayCutter cutter(array);
  std::string_view element;
  while (cutter.next(element)) {
    if (inputs.ends_.size() == limits::kMaxIterations) {
      return too_many();
    }
    inputs.add(element);
  }
  return inputs;
}

Result<IterationInputs> IterationInputs::from_lines(std::string_view text) {
  if (text.size() > limits::kMaxIterationInputBytes) {
    return fail(ErrorCode::kInvalid, "the inputs of a for-each task are too long");
  }
  IterationInputs inputs;
  inputs.lines_.reserve(text.size() + 1);
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) {
      continue;
    }
    boost::json::kind kind{};
    if (!parse_kind(line, kind)) {
      return fail(ErrorCode::kInvalid, "line " + std::to_string(number) + " is no JSON value");
    }
    if (inputs.ends_.size() == limits::kMaxIterations) {
      return too_many();
    }
    inputs.add(line);
  }
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
