// The `sheaf` block of a task.
#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxLostSetting = 100;
constexpr Milliseconds kShortestBackoff{1};
constexpr Milliseconds kLongestBackoff{std::chrono::hours{7 * 24}};
constexpr int kLeastExitCode = 1;
constexpr int kMostExitCode = 255;

Milliseconds read_pause(const json::object& backoff,
                        std::string_view key,
                        const std::string& path,
                        Findings& findings) {
  const json::value* value = member_at(backoff, key);
  if (value == nullptr || !value->is_number()) {
    return kShortestBackoff;
  }
  const double millis = value->to_number<double>() * 1000;
  if (millis >= static_cast<double>(kShortestBackoff.count()) &&
      millis <= static_cast<double>(kLongestBackoff.count())) {
    return Milliseconds(static_cast<std::int64_t>(millis));
  }
  report(findings,
         member_path(path, key),
         "out of range",
         "Write seconds from 0.001 to 604800 (seven days).");
  return kShortestBackoff;
}

BackoffSettings compile_backoff(const json::object& block,
                                const std::string& path,
                                Findings& findings) {
  BackoffSettings backoff{.first = read_pause(block, "initial_seconds", path, findings),
                          .longest = read_pause(block, "max_seconds", path, findings)};
  const bool has_both = member_at(block, "initial_seconds") && member_at(block, "max_seconds");
  if (has_both && backoff.longest < backoff.first) {
    report(findings,
           member_path(path, "max_seconds"),
           "less than initial_seconds",
           "The pauses grow from initial_seconds to max_seconds.");
    findings.back().related.push_back(member_path(path, "initial_seconds"));
  }
  return backoff;
}

// One element of only_on; false when it is none.
bool add_end(const json::value& end, RetryFilter& filter) {
  if (end.is_int64() && end.get_int64() >= kLeastExitCode && end.get_int64() <= kMostExitCode) {
    filter.exit_codes.push_back(static_cast<int>(end.get_int64()));
    return true;
  }
  if (!end.is_string()) {
    return false;
  }
  const json::string& word = end.get_string();
  filter.on_lost = filter.on_lost || word == "LOST";
  filter.on_timeout = filter.on_timeout || word == "TIMEOUT";
  filter.on_out_of_memory = filter.on_out_of_memory || word == "OOM";
  return word == "LOST" || word == "TIMEOUT" || word == "OOM";
}

std::string suggestion(const json::value& end) {
  const std::vector<std::string> words = {"LOST", "TIMEOUT", "OOM"};
  const json::string* word = end.if_string();
  return word == nullptr ? std::string() : did_you_mean({word->data(), word->size()}, words);
}

RetryFilter compile_filter(const json::value& value, const std::string& path, Findings& findings) {
  RetryFilter filter;
  const json::array* list = value.if_array();
  if (list == nullptr) {
    report(findings, path, "expected a list", "Write only_on: [1, 137, LOST, TIMEOUT, OOM].");
    return filter;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (!add_end((*list)[i], filter)) {
      report(findings,
             indexed_path(path, i),
             "not an end of an attempt" + suggestion((*list)[i]),
             "Write exit statuses from 1 to 255, LOST, TIMEOUT or OOM.");
    }
  }
  std::ranges::sort(filter.exit_codes);
  const auto repeats = std::ranges::unique(filter.exit_codes);
  filter.exit_codes.erase(repeats.begin(), repeats.end());
  return filter;
}

// TIMEOUT in only_on says the same as retry_on_timeout; the two may not contradict each other.
void settle_timeouts(const std::string& path, TaskSettings& task, Findings& findings) {
  if (task.retry_on_timeout && !task.retry_only_on.is_empty() && !task.retry_only_on.on_timeout) {
    report(findings,
           path,
           "retry_on_timeout is set, but TIMEOUT is not among what is repeated",
           "Add TIMEOUT, or remove retry_on_timeout.");
  }
  task.retry_on_timeout = task.retry_on_timeout || task.retry_only_on.on_timeout;
}

}  // namespace

void compile_task_block(const json::object& block,
                        const std::string& path,
                        TaskSettings& task,
                        Findings& findings) {
  task.resources = compile_resources(block, path, findings);
  task.pool = string_at(block, "pool").value_or("");
  if (string_at(block, "pool") && !is_plain_key(task.pool, limits::kMaxTaskKeyBytes)) {
    report(findings,
           member_path(path, "pool"),
           "\"" + task.pool + "\" is not a name of a pool",
           "Use 1 to 100 letters, digits, `_` and `-`.");
  }
  task.max_lost = static_cast<int>(
      read_integer(block,
                   path,
                   "max_lost",
                   {.most = kMaxLostSetting, .otherwise = limits::kMaxLostAttempts},
                   findings));
  const json::object* retry = object_at(block, "retry");
  if (retry == nullptr) {
    return;
  }
  const std::string retry_path = member_path(path, "retry");
  if (const json::object* backoff = object_at(*retry, "backoff")) {
    task.backoff = compile_backoff(*backoff, member_path(retry_path, "backoff"), findings);
  }
  if (const json::value* ends = member_at(*retry, "only_on")) {
    const std::string ends_path = member_path(retry_path, "only_on");
    task.retry_only_on = compile_filter(*ends, ends_path, findings);
    settle_timeouts(ends_path, task, findings);
  }
}

}  // namespace sheaf::model
