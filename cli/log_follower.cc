#include "cli/log_follower.h"

#include <algorithm>

#include "cli/console.h"
#include "cli/run_watch.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kPollWait{250};
/// How long bytes of a run that has ended may be on the way.
constexpr Milliseconds kLastBytesPatience{10'000};

}  // namespace

const AttemptView* chosen_attempt(const TaskView& task, const LogChoice& choice) {
  if (!choice.task.empty() && task.key != choice.task) {
    return nullptr;
  }
  if (!choice.attempt) {
    return last_attempt(task);
  }
  const auto found = std::ranges::find(task.attempts, *choice.attempt, &AttemptView::number);
  return found == task.attempts.end() ? nullptr : &*found;
}

Result<void> LogFollower::follow(std::int64_t run_id) {
  auto answer = get_run(scheduler_, run_id);
  std::optional<Milliseconds> deadline;
  while (answer) {
    const RunView run = read_run(*answer);
    add_sources(run);
    const auto has_read = read_sources();
    if (!has_read) {
      return fail(has_read.error());
    }
    // Nobody is left who could read the rest.
    const bool is_lost = !flush_output();
    if (is_lost || (has_ended(run) && is_complete())) {
      return {};
    }
    const Milliseconds now = os::boot_time();
    if (!has_ended(run) || *has_read || !deadline) {
      deadline = now + kLastBytesPatience;
    }
    if (now > *deadline) {
      return fail(ErrorCode::kTimeout, "the end of a log did not come");
    }
    answer = poll_run(scheduler_, run_id, run.version, kPollWait);
  }
  return fail(answer.error());
}

void LogFollower::add_sources(const RunView& run) {
  for (const TaskView& task : run.tasks) {
    const bool is_known = std::ranges::any_of(
        sources_, [&](const Source& source) { return source.task == task.key; });
    if (!is_known || choice_.attempt) {
      if (const AttemptView* attempt = chosen_attempt(task, choice_)) {
        add_source(task, *attempt);
      }
      continue;
    }
    for (const AttemptView& attempt : task.attempts) {
      add_source(task, attempt);
    }
  }
}

void LogFollower::add_source(const TaskView& task, const AttemptView& attempt) {
  const bool is_earlier = std::ranges::any_of(sources_, [&](const Source& source) {
    return source.task == task.key && source.attempt >= attempt.run_id;
  });
  if (is_earlier) {
    return;
  }
  for (const LogStream stream : {LogStream::kStandardOutput, LogStream::kStandardError}) {
    sources_.push_back({.task = task.key,
                        .attempt = attempt.run_id,
                        .log = AttemptLog(attempt.run_id, stream),
                        .open_line = {}});
  }
}

Result<bool> LogFollower::read_sources() {
  bool has_read = false;
  for (Source& source : sources_) {
    while (!source.log.is_complete()) {
      const auto bytes = source.log.read(scheduler_, Milliseconds{0});
      if (!bytes && bytes.error().code == ErrorCode::kNotFound) {
        break;
      }
      if (!bytes) {
        return fail(bytes.error());
      }
      write(source, *bytes);
      if (bytes->empty()) {
        break;
      }
      has_read = true;
    }
  }
  return has_read;
}

void LogFollower::write(Source& source, std::string_view bytes) const {
  const auto put = source.log.stream() == LogStream::kStandardOutput ? &print : &print_errors;
  if (!choice_.task.empty()) {
    put(bytes);
    return;
  }
  source.open_line += bytes;
  if (source.log.is_complete() && !source.open_line.empty() && !source.open_line.ends_with('\n')) {
    source.open_line += '\n';
  }
  std::string_view rest = source.open_line;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    put(source.task + " | " + std::string(rest.substr(0, end + 1)));
    rest.remove_prefix(end + 1);
  }
  source.open_line = std::string(rest);
}

bool LogFollower::is_complete() const {
  return std::ranges::all_of(sources_,
                             [](const Source& source) { return source.log.is_complete(); });
}

}  // namespace sheaf::cli
