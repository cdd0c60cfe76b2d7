#include "worker/session/outcomes.h"

#include <algorithm>
#include <filesystem>

#include <boost/json.hpp>
#include <fcntl.h>

#include "common/base/limits.h"
#include "common/os/file.h"
#include "common/wire/text.h"

namespace sheaf::session {
namespace {

constexpr std::size_t kTailBytes = 8u << 10;
constexpr std::size_t kMaxLineBytes = 1'000;
constexpr std::size_t kMaxValuesFileBytes =
    limits::kMaxTaskValuesPerRun * (limits::kMaxTaskValueBytes + limits::kMaxTaskValueKeyBytes) * 2;

std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::string tail(const std::filesystem::path& path) {
  const auto size = size_of(path);
  const auto file = os::open_regular_file(path);
  if (!file) {
    return {};
  }
  const auto offset = size > kTailBytes ? size - kTailBytes : 0;
  auto text = os::read_at(file->get(), offset, kTailBytes, path);
  return text ? std::move(*text) : std::string();
}

model::AttemptEnd end_of(const runner::ExitRecord& record) {
  if (record.cancelled) {
    return model::AttemptEnd::kCancelled;
  }
  if (record.timed_out) {
    return model::AttemptEnd::kTimedOut;
  }
  switch (record.ended_by) {
    case runner::EndedBy::kExit:
      return record.error.empty() ? model::AttemptEnd::kExited : model::AttemptEnd::kNotStarted;
    case runner::EndedBy::kSignal:
      return model::AttemptEnd::kSignalled;
    case runner::EndedBy::kNotStarted:
      return model::AttemptEnd::kNotStarted;
    case runner::EndedBy::kUnreaped:
      return model::AttemptEnd::kLost;
  }
  return model::AttemptEnd::kLost;
}

model::AttemptOutcome outcome_of(const runner::AttemptFolder& folder,
                                 const runner::ExitRecord& record) {
  model::AttemptOutcome outcome{.end = end_of(record),
                                .exit_code = std::max(record.exit_code, 0),
                                .signal = record.signal,
                                .tree_empty = record.tree_empty,
                                .out_of_memory = record.out_of_memory.value_or(false),
                                .message = record.error,
                                .ended = record.ended};
  if (outcome.out_of_memory) {
    outcome.message = "the kernel ended it for lack of memory";
  } else if (outcome.end == model::AttemptEnd::kTimedOut) {
    outcome.message = "timed out; its process tree was ended";
  } else if (outcome.end == model::AttemptEnd::kExited && outcome.exit_code != 0) {
    outcome.message = last_line(tail(folder.stderr_file()));
  }
  if (record.left_children) {
    outcome.warnings.emplace_back("it left processes behind, which were ended with it");
  }
  return outcome;
}

model::AttemptOutcome lost_outcome(const runner::Inspection& inspection) {
  model::AttemptOutcome outcome{.end = model::AttemptEnd::kLost,
                                .tree_empty = inspection.tree_empty};
  switch (inspection.state) {
    case runner::AttemptState::kRebooted:
      outcome.message = "lost: the machine was restarted";
      break;
    case runner::AttemptState::kNeverRan:
      outcome.message = "lost before it ran";
      break;
    case runner::AttemptState::kShimDied:
    case runner::AttemptState::kNotStarted:
    case runner::AttemptState::kRunning:
    case runner::AttemptState::kFinished:
      outcome.message = "lost: its supervisor was killed";
      break;
  }
  return outcome;
}

bool is_json(std::string_view text) {
  boost::json::error_code error;
  boost::json::stream_parser parser;
  parser.write_some(text.data(), text.size(), error);
  if (!error) {
    parser.finish(error);
  }
  return !error;
}

Result<model::TaskValue> parse_value(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(ErrorCode::kInvalid, "is not `key=json`");
  }
  model::TaskValue value{.key = std::string(line.substr(0, equals)),
                         .json = std::string(line.substr(equals + 1))};
  if (value.key.size() > limits::kMaxTaskValueKeyBytes) {
    return fail(ErrorCode::kInvalid, "has a key of more than 256 bytes");
  }
  if (!wire::is_utf8(value.key)) {
    return fail(ErrorCode::kInvalid, "has a key that is not UTF-8");
  }
  if (value.json.size() > limits::kMaxTaskValueBytes) {
    return fail(ErrorCode::kInvalid, "has a value of more than 48 KiB");
  }
  if (!is_json(value.json)) {
    return fail(ErrorCode::kInvalid, "has a value that is not JSON");
  }
  return value;
}

/// Adds the values to a success; a file that cannot be understood makes it a failure.
void add_values(const runner::AttemptFolder& folder, EndedAttempt& ended) {
  auto text = os::read_file(folder.values_file(), kMaxValuesFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return;
  }
  auto values =
      text ? parse_values(*text) : Result<std::vector<model::TaskValue>>(fail(text.error()));
  if (values) {
    ended.values = std::move(*values);
    return;
  }
  ended.outcome.exit_code = 1;
  ended.outcome.message = "task values: " + values.error().message;
}

}  // namespace

Result<std::vector<model::TaskValue>> parse_values(std::string_view text) {
  std::vector<model::TaskValue> values;
  if (!text.empty() && text.back() != '\n') {
    return fail(ErrorCode::kInvalid, "the last line is cut short");
  }
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) {
      continue;
    }
    auto value = parse_value(line);
    if (!value) {
      return fail(value.error(), "line " + std::to_string(number));
    }
    const auto known = std::ranges::find(values, value->key, &model::TaskValue::key);
    if (known != values.end()) {
      known->json = std::move(value->json);
    } else if (values.size() == limits::kMaxTaskValuesPerRun) {
      return fail(ErrorCode::kExhausted, "there are more than 250 values");
    } else {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

std::string last_line(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) {
    return {};
  }
  text = text.substr(0, end + 1);
  const auto begin = text.rfind('\n');
  text = begin == std::string_view::npos ? text : text.substr(begin + 1);
  return std::string(text.substr(0, kMaxLineBytes));
}

EndedAttempt read_end(const runner::AttemptFolder& folder, const runner::Inspection& inspection) {
  EndedAttempt ended;
  if (inspection.exit) {
    ended.outcome = outcome_of(folder, *inspection.exit);
  } else {
    ended.outcome = lost_outcome(inspection);
  }
  if (inspection.start) {
    ended.outcome.started = inspection.start->started;
  }
  ended.outcome.stdout_bytes = size_of(folder.stdout_file());
  ended.outcome.stderr_bytes = size_of(folder.stderr_file());
  if (ended.outcome.end == model::AttemptEnd::kExited && ended.outcome.exit_code == 0) {
    add_values(folder, ended);
  }
  return ended;
}

}  // namespace sheaf::session
