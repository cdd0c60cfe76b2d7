#include "worker/shim/supervise.h"

#include <stddef.h>
#include <time.h>

enum Phase { kRunning, kTerminating, kKilling };

/* A wait is cut at this length, because its clock stands still in suspend and deadlines do not. */
enum { kLongestWaitMs = 60 * 1000, kFirstKillPauseMs = 5, kLongestKillPauseMs = 1000 };

static const int64_t kNever = INT64_MAX;

struct Watch {
  const struct Spec* spec;
  const struct Cgroup* cgroup;
  enum Phase phase;
  int64_t deadline;   /* of the phase, in CLOCK_BOOTTIME milliseconds */
  int64_t kill_pause; /* until the next walk through the tree */
  struct Outcome outcome;
};

static int64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct Instant read_clocks(void) {
  return (struct Instant){read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)};
}

void add_awaited_signals(sigset_t* set) {
  sigaddset(set, SIGCHLD);
  sigaddset(set, SIGTERM);
}

static int64_t after(int64_t start, int64_t duration) {
  return duration > kNever - start ? kNever : start + duration;
}

/* The next awaited signal, or -1 when `until` may have come. */
static int wait_signal(int64_t until) {
  sigset_t awaited;
  sigemptyset(&awaited);
  add_awaited_signals(&awaited);
  if (until == kNever) {
    return sigwaitinfo(&awaited, NULL);
  }
  int64_t pause = until - read_clock(CLOCK_BOOTTIME);
  pause = pause < 0 ? 0 : pause;
  pause = pause > kLongestWaitMs ? kLongestWaitMs : pause;
  const struct timespec timeout = {pause / 1000, (pause % 1000) * 1000000};
  return sigtimedwait(&awaited, NULL, &timeout);
}

static void begin_kill(struct Watch* watch) {
  watch->phase = kKilling;
  watch->deadline = after(read_clock(CLOCK_BOOTTIME), watch->spec->tree_wait_ms);
  watch->kill_pause = kFirstKillPauseMs;
}

static void begin_stop(struct Watch* watch) {
  watch->phase = kTerminating;
  watch->deadline = after(read_clock(CLOCK_BOOTTIME), watch->spec->kill_grace_ms);
  signal_descendants(SIGTERM);
  signal_descendants(SIGCONT); /* a stopped process takes its TERM only when it goes on */
}

/* Kills what it can see; stopping it first keeps a tree that forks from outrunning the walk. */
static void kill_tree(const struct Watch* watch) {
  kill_members(watch->cgroup);
  signal_descendants(SIGSTOP);
  signal_descendants(SIGKILL);
}

static void note_main_end(struct Watch* watch) {
  struct Outcome* const outcome = &watch->outcome;
  const bool before = outcome->tree.main_ended;
  reap(&outcome->tree);
  if (!before && outcome->tree.main_ended) {
    outcome->ended = read_clocks();
  }
}

/* What the running phase makes of a signal, or of its deadline. */
static void while_running(struct Watch* watch, int signal) {
  struct Outcome* const outcome = &watch->outcome;
  outcome->left_children = outcome->tree.main_ended;
  outcome->cancelled = !outcome->tree.main_ended && signal == SIGTERM;
  outcome->timed_out = !outcome->tree.main_ended && !outcome->cancelled &&
                       read_clock(CLOCK_BOOTTIME) >= watch->deadline;
  if (outcome->left_children || outcome->cancelled || outcome->timed_out) {
    begin_stop(watch);
  }
}

/* One walk; false when the tree had its time to vanish. */
static bool while_killing(struct Watch* watch) {
  kill_tree(watch);
  watch->kill_pause =
      watch->kill_pause >= kLongestKillPauseMs ? kLongestKillPauseMs : 2 * watch->kill_pause;
  return read_clock(CLOCK_BOOTTIME) < watch->deadline;
}

static int64_t next_wake(const struct Watch* watch) {
  if (watch->phase != kKilling) {
    return watch->deadline;
  }
  const int64_t pause_end = after(read_clock(CLOCK_BOOTTIME), watch->kill_pause);
  return pause_end < watch->deadline ? pause_end : watch->deadline;
}

/* Does what is due; false when there is nothing left to wait for. */
static bool advance(struct Watch* watch, int signal) {
  note_main_end(watch);
  if (watch->outcome.tree.empty) {
    return false;
  }
  if (watch->phase == kRunning) {
    while_running(watch, signal);
  }
  if (watch->phase == kTerminating && read_clock(CLOCK_BOOTTIME) >= watch->deadline) {
    begin_kill(watch);
  }
  return watch->phase != kKilling || while_killing(watch);
}

struct Outcome supervise(const struct Spec* spec,
                         const struct Cgroup* cgroup,
                         pid_t main_process,
                         struct Instant started) {
  struct Watch watch = {.spec = spec, .cgroup = cgroup, .phase = kRunning, .deadline = kNever};
  watch.outcome.tree.main = main_process;
  if (spec->timeout_ms > 0) {
    watch.deadline = after(started.boottime_ms, spec->timeout_ms);
  }
  int signal = -1;
  while (advance(&watch, signal)) {
    signal = wait_signal(next_wake(&watch));
  }
  if (!watch.outcome.tree.main_ended) {
    watch.outcome.ended = read_clocks();
  }
  return watch.outcome;
}
