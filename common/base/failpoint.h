// Failpoints: named places around commits and sends at which a test may have the process killed.
//
// The environment variable SHEAF_FAILPOINT is read once: `name` kills at the first time that the
// place is reached, `name:N` at the N-th. The kill is SIGKILL, so that nothing is flushed or
// unwound. Without the variable a failpoint costs one branch. Every name stands in kNames; a call
// with another does not compile. Threads: any.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sheaf::failpoint {

/// Every failpoint: first the scheduler's, then the worker agent's.
inline constexpr std::array<std::string_view, 18> kNames{
    "store.before_commit",
    "store.after_commit",
    "files.before_sync",
    "files.after_sync",
    "engine.before_release",
    "engine.after_release",
    "workers.before_send",
    "workers.after_send",
    "workers.before_receive",
    "session.before_send",
    "session.after_receive",
    "session.before_result",
    "runner.before_spawn",
    "runner.after_spawn",
    "runner.before_forget",
    "logs.before_read",
    "logs.before_send",
    "logs.before_ack",
};

/// A name of kNames, checked when compiling.
class Name {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): call sites pass the literal.
  consteval Name(const char* text) : text_(text) {
    if (std::ranges::find(kNames, text_) == kNames.end()) {
      throw "not a name of failpoint::kNames";
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// True when SHEAF_FAILPOINT is set. Aborts when it names no failpoint: such a test would kill
/// nothing.
[[nodiscard]] bool is_armed();

/// Counts the visit and does not return when it is the one that SHEAF_FAILPOINT names.
void visit(std::string_view name);

/// Marks a place: `failpoint::reach("store.before_commit");`
inline void reach(Name name) {
  if (is_armed()) [[unlikely]] {
    visit(name.text());
  }
}

}  // namespace sheaf::failpoint
