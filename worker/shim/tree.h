/* The processes below the shim. It is a subreaper, so whatever the task starts stays its
   descendant, also after setsid and a dead parent; when it has no child left, the task's tree is
   gone. */
#ifndef SHEAF_WORKER_SHIM_TREE_H_
#define SHEAF_WORKER_SHIM_TREE_H_

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What /proc/<pid>/stat tells; a pid alone is no identity, pid and start time are. */
struct Process {
  pid_t pid;
  pid_t parent;
  uint64_t start_time; /* clock ticks after boot: field 22 */
};

struct Tree {
  pid_t main;
  int main_status; /* as of waitpid, once main_ended */
  bool main_ended; /* reaped */
  bool empty;      /* no descendant is left */
};

/* False if there is no such process. */
bool read_process(pid_t pid, struct Process* process);

/* Reaps whatever has ended. Never blocks. */
void reap(struct Tree* tree);

/* Sends `signal` to every descendant of this process that the walk through /proc finds. Those
   started meanwhile may be missed: call again until the tree is empty. */
void signal_descendants(int signal);

#endif /* SHEAF_WORKER_SHIM_TREE_H_ */
