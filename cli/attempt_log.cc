#include "cli/attempt_log.h"

#include <charconv>

#include "cli/console.h"
#include "cli/task_tree.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kWaitForBytes{1'000};
constexpr int kWaitsForBytes = 10;

std::string_view name_of(LogStream stream) {
  return stream == LogStream::kStandardOutput ? "stdout" : "stderr";
}

bool has_succeeded(const TaskView& task) {
  return find_task_state(task.state) == model::TaskState::kSucceeded;
}

}  // namespace

Result<std::string> AttemptLog::read(PatientScheduler& scheduler, Milliseconds wait) {
  http_client::Request request{
      .url = "/api/sheaf/v1/attempts/" + std::to_string(attempt_) + "/logs/" +
             std::string(name_of(stream_)) + "?offset=" + std::to_string(offset_) +
             (wait > Milliseconds{0} ? "&wait_ms=" + std::to_string(wait.count()) : ""),
      .timeout = wait + Milliseconds{30'000}};
  auto response = scheduler.send_raw(request);
  if (!response) {
    return fail(response.error());
  }
  const std::string_view next = response->header("x-sheaf-offset");
  std::uint64_t offset = offset_ + response->body.size();
  std::from_chars(next.data(), next.data() + next.size(), offset);
  offset_ = offset;
  is_complete_ = response->header("x-sheaf-complete") == "true";
  return std::move(response->body);
}

Result<void> drain_log(PatientScheduler& scheduler,
                       const AttemptView& attempt,
                       LogStream stream,
                       const std::function<void(std::string_view)>& take) {
  AttemptLog log(attempt.run_id, stream);
  const bool is_over = has_ended(attempt);
  for (int waits = 0; !log.is_complete() && waits < kWaitsForBytes;) {
    const auto bytes = log.read(scheduler, is_over ? kWaitForBytes : Milliseconds{0});
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) {
      return {};  // An attempt that never ran has no log.
    }
    if (!bytes) {
      return fail(bytes.error());
    }
    take(*bytes);
    waits = bytes->empty() ? waits + 1 : 0;
    if (bytes->empty() && !is_over) {
      break;
    }
  }
  return {};
}

Result<void> print_log(PatientScheduler& scheduler, const AttemptView& attempt, LogStream stream) {
  char last = '\n';
  auto drained = drain_log(scheduler, attempt, stream, [&last](std::string_view bytes) {
    print(bytes);
    last = bytes.empty() ? last : bytes.back();
  });
  if (last != '\n') {
    print("\n");
  }
  return drained;
}

Result<void> print_outputs(PatientScheduler& scheduler, const RunView& run) {
  for (const std::size_t index : tree_order(run.tasks)) {
    const TaskView& task = run.tasks[index];
    const AttemptView* attempt = last_attempt(task);
    if (attempt == nullptr) {
      continue;
    }
    print(heading_of(task, *attempt));
    auto printed = print_log(scheduler, *attempt, LogStream::kStandardOutput);
    if (printed && !has_succeeded(task)) {
      printed = print_log(scheduler, *attempt, LogStream::kStandardError);
    }
    if (!printed) {
      return printed;
    }
  }
  return {};
}

std::string heading_of(const TaskView& task, const AttemptView& attempt) {
  std::string text = "=== " + printable(task.key) + ": " + attempt.state;
  if (const std::string duration = duration_of(attempt, os::wall_time()); duration != "-") {
    text += ", " + duration;
  }
  const std::string end = end_text(attempt);
  if (!end.empty() && end != "exit code 0") {
    text += ", " + end;
  }
  if (attempt.number > 0) {
    text += ", attempt " + std::to_string(attempt.number);
  }
  return text + " ===\n";
}

}  // namespace sheaf::cli
