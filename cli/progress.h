// The live view of a run on stderr: a tree that is drawn again and again on a terminal, else a line
// a state change. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/run_view.h"
#include "common/base/time.h"

namespace sheaf::cli {

/// `<time> <task> <STATE>` for each task whose state or attempt is another one than in `before`,
/// and for the run itself as `run:<id>`. Pure.
[[nodiscard]] std::vector<std::string> change_lines(const RunView& before,
                                                    const RunView& after,
                                                    Timestamp now);

class Progress {
 public:
  enum class Style { kTree, kLines };

  /// A tree if stderr is a terminal.
  [[nodiscard]] static Style style_of_stderr();

  explicit Progress(Style style) : style_(style) {}

  void show(const RunView& run, Timestamp now);

  /// How long a poll may wait: on a terminal durations tick.
  [[nodiscard]] Milliseconds poll_wait() const;

 private:
  void redraw(const RunView& run, Timestamp now);

  Style style_;
  RunView last_;
  std::size_t drawn_lines_ = 0;
};

}  // namespace sheaf::cli
