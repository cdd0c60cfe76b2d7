#include "cli/progress.h"

#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/console.h"
#include "cli/task_tree.h"
#include "common/calendar/rfc3339.h"

namespace sheaf::cli {
namespace {

TerminalSize size_of_stderr() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {.columns = size.ws_col, .rows = size.ws_row};
}

std::string state_with_attempt(const TaskView& task) {
  std::string text = task.state;
  if (!task.outcome.empty()) {
    text += " (" + task.outcome + ")";
  }
  if (task.attempt_number > 0) {
    text += " (attempt " + std::to_string(task.attempt_number) + ")";
  }
  return text;
}

}  // namespace

std::vector<std::string> change_lines(const RunView& before, const RunView& after, Timestamp now) {
  const std::string time =
      calendar::format_rfc3339(std::chrono::floor<std::chrono::seconds>(now)) + " ";
  std::map<std::string_view, std::string> known;
  for (const TaskView& task : before.tasks) {
    known.emplace(task.key, state_with_attempt(task));
  }
  std::vector<std::string> lines;
  for (const TaskView& task : after.tasks) {
    const std::string state = state_with_attempt(task);
    const auto found = known.find(task.key);
    const bool is_new = found == known.end();
    const bool is_waiting = task.state == model::to_string(model::TaskState::kBlocked);
    if ((is_new && !is_waiting) || (!is_new && found->second != state)) {
      lines.push_back(time + printable(task.key) + " " + state);
    }
  }
  if (state_text(before) != state_text(after)) {
    lines.push_back(time + "run:" + std::to_string(after.run_id) + " " + state_text(after));
  }
  return lines;
}

Progress::Style Progress::style_of_stderr() {
  return ::isatty(STDERR_FILENO) == 1 ? Style::kTree : Style::kLines;
}

void Progress::show(const RunView& run, Timestamp now) {
  if (style_ == Style::kTree) {
    redraw(run, now);
    return;
  }
  for (const std::string& line : change_lines(last_, run, now)) {
    say(line);
  }
  last_ = run;
}

Milliseconds Progress::poll_wait() const {
  return style_ == Style::kTree ? Milliseconds{1'000} : Milliseconds{20'000};
}

void Progress::redraw(const RunView& run, Timestamp now) {
  std::string text;
  if (drawn_lines_ > 0) {
    text += "\x1b[" + std::to_string(drawn_lines_) + "A\r\x1b[J";
  }
  const auto lines = draw_tree(run, now, size_of_stderr());
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  drawn_lines_ = lines.size();
  std::fputs(text.c_str(), stderr);
}

}  // namespace sheaf::cli
