#include "cli/task_tree.h"

#include <algorithm>

#include "cli/console.h"
#include "cli/task_lines.h"

namespace sheaf::cli {
namespace {

std::string_view mark_of(const TaskView& task) {
  const auto state = find_task_state(task.state);
  if (!state) {
    return "?";
  }
  switch (*state) {
    case model::TaskState::kBlocked:
    case model::TaskState::kReady:
      return "·";
    case model::TaskState::kLeased:
    case model::TaskState::kRunning:
    case model::TaskState::kDelegated:
    case model::TaskState::kStreaming:
    case model::TaskState::kWaitingRetry:
    case model::TaskState::kStopping:
      return "●";
    case model::TaskState::kSucceeded:
      return "✓";
    case model::TaskState::kFailed:
    case model::TaskState::kTimedOut:
    case model::TaskState::kInternalError:
      return "✗";
    case model::TaskState::kCancelled:
    case model::TaskState::kExcluded:
    case model::TaskState::kUpstreamFailed:
    case model::TaskState::kUpstreamCancelled:
    case model::TaskState::kDisabled:
      return "-";
  }
  return "?";
}

/// At work or in trouble: what a small terminal must still show.
bool is_remarkable(const TaskView& task) {
  const std::string_view mark = mark_of(task);
  return mark == "●" || mark == "✗";
}

std::vector<TaskLine> lay_out_run(const std::vector<TaskView>& tasks) {
  std::vector<TaskPlace> places;
  places.reserve(tasks.size());
  for (const TaskView& task : tasks) {
    places.push_back({.key = task.key, .depends_on = task.depends_on});
  }
  return lay_out(places);
}

struct Line {
  std::size_t task = 0;
  std::string left;
};

std::vector<Line> make_lines(const std::vector<TaskView>& tasks) {
  std::vector<Line> lines;
  for (const TaskLine& line : lay_out_run(tasks)) {
    const TaskView& task = tasks[line.task];
    lines.push_back({.task = line.task,
                     .left = line.branch + std::string(mark_of(task)) + " " + printable(task.key) +
                             line.others});
  }
  return lines;
}

std::string state_of_task(const TaskView& task, Timestamp now) {
  std::string text = task.state;
  if (!task.outcome.empty()) {
    text += " (" + task.outcome + ")";
  }
  if (task.start_ms > 0) {
    text += "  " + span_text(task.start_ms, task.end_ms, now);
  }
  if (task.attempt_number > 0) {
    text += "  attempt " + std::to_string(task.attempt_number);
  }
  if (is_remarkable(task) && !task.message.empty()) {
    text += "  " + printable(task.message.substr(0, task.message.find('\n')));
  }
  return text;
}

std::string cut(std::string text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t column = 0; bytes < text.size() && column < columns; ++column) {
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) {
      ++bytes;
    }
  }
  text.resize(bytes);
  return text;
}

std::string head_of(const RunView& run, Timestamp now) {
  const std::int64_t start = run.start_ms > 0 ? run.start_ms : run.submitted_ms;
  std::string text = "Run " + std::to_string(run.run_id) + "  " + printable(run.name) + "  " +
                     state_text(run) + "  " + span_text(start, run.end_ms, now);
  if (!run.message.empty()) {
    text += "  " + printable(run.message);
  }
  return text;
}

}  // namespace

std::vector<std::string> draw_tree(const RunView& run, Timestamp now, TerminalSize size) {
  auto lines = make_lines(run.tasks);
  const std::size_t room = size.rows > 3 ? size.rows - 3 : 1;
  const std::size_t all = lines.size();
  if (lines.size() > room) {
    std::erase_if(lines, [&](const Line& line) { return !is_remarkable(run.tasks[line.task]); });
    lines.resize(std::min(lines.size(), room));
  }
  std::size_t widest = 0;
  for (const Line& line : lines) {
    widest = std::max(widest, width_of(line.left));
  }
  std::vector<std::string> text{cut(head_of(run, now), size.columns)};
  for (const Line& line : lines) {
    const std::string padding(widest - width_of(line.left) + 2, ' ');
    text.push_back(
        cut(line.left + padding + state_of_task(run.tasks[line.task], now), size.columns));
  }
  if (lines.size() < all) {
    const auto ended = std::ranges::count_if(run.tasks, [](const TaskView& task) {
      const auto state = find_task_state(task.state);
      return state && model::is_terminal(*state);
    });
    text.push_back(cut("… " + std::to_string(all - lines.size()) + " more tasks; " +
                           std::to_string(ended) + " of " + std::to_string(all) + " have ended",
                       size.columns));
  }
  return text;
}

std::vector<std::size_t> tree_order(const std::vector<TaskView>& tasks) {
  std::vector<std::size_t> order;
  for (const TaskLine& line : lay_out_run(tasks)) {
    order.push_back(line.task);
  }
  return order;
}

}  // namespace sheaf::cli
