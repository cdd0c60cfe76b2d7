/* The life of a released task: waiting for its end, its timeout or an order to stop, and clearing
   away its whole tree. */
#ifndef SHEAF_WORKER_SHIM_SUPERVISE_H_
#define SHEAF_WORKER_SHIM_SUPERVISE_H_

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker/shim/cgroup.h"
#include "worker/shim/spec.h"
#include "worker/shim/tree.h"

struct Instant {
  int64_t realtime_ms; /* since 1970, UTC */
  int64_t boottime_ms; /* CLOCK_BOOTTIME: goes on while the machine is suspended */
};

struct Outcome {
  struct Tree tree;
  struct Instant ended; /* when the main process was reaped, else when waiting was given up */
  bool timed_out;       /* the time was over before the main process ended */
  bool cancelled;       /* SIGTERM came before the main process ended */
  bool left_children;   /* the main process ended by itself and left others behind */
};

struct Instant read_clocks(void);

/* The signals that supervise takes from the queue; the caller must have blocked them. */
void add_awaited_signals(sigset_t* set);

/* Returns when the tree below this process is gone, or tree_wait_ms after KILL was first sent.

   timeout_ms counts from `started`. At its end, on SIGTERM, and when the main process leaves
   children behind, the whole tree gets TERM, and kill_grace_ms later KILL until nothing is left. */
struct Outcome supervise(const struct Spec* spec,
                         const struct Cgroup* cgroup,
                         pid_t main_process,
                         struct Instant started);

#endif /* SHEAF_WORKER_SHIM_SUPERVISE_H_ */
