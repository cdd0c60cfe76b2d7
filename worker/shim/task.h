/* The task's main process: born held, so that its identity is on record before it runs. */
#ifndef SHEAF_WORKER_SHIM_TASK_H_
#define SHEAF_WORKER_SHIM_TASK_H_

#include <stdbool.h>
#include <sys/types.h>

#include "worker/shim/cgroup.h"
#include "worker/shim/spec.h"

/* Why a task could not be started: the step that failed, on what, and errno. */
struct StartFailure {
  const char* step; /* NULL: no failure */
  const char* subject;
  int error;
};

struct Task {
  pid_t pid;
  int control; /* our end of the socket that holds the task */
};

/* Creates the process in `cgroup`, or without one, which then clears `*cgroup`. It waits until
   release_task; if this process ends before, so does it, without running anything. */
struct StartFailure hold_task(const struct Spec* spec, struct Cgroup* cgroup, struct Task* task);

void release_task(const struct Task* task);

/* Once the task has ended: why it never became the program that it should have been. */
struct StartFailure task_failure(const struct Spec* spec, const struct Task* task);

#endif /* SHEAF_WORKER_SHIM_TASK_H_ */
