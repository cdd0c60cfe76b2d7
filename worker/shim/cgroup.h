/* The attempt's own cgroup (version 2). Every function also accepts a cgroup that does not exist
   (folder < 0): then nothing happens and nothing is known. */
#ifndef SHEAF_WORKER_SHIM_CGROUP_H_
#define SHEAF_WORKER_SHIM_CGROUP_H_

#include <stdbool.h>
#include <sys/types.h>

struct Cgroup {
  const char* path; /* "" if there is none */
  int folder;       /* descriptor of the folder, or -1 */
};

/* Creates the folder; "" or a refusal by the system yields a cgroup that does not exist. */
struct Cgroup create_cgroup(const char* path);

/* Writes "file=value" into the cgroup. */
bool set_limit(const struct Cgroup* cgroup, const char* assignment);

/* Moves a process into the cgroup. */
bool add_process(const struct Cgroup* cgroup, pid_t process);

/* KILLs all members at once, where the kernel offers it. */
void kill_members(const struct Cgroup* cgroup);

/* Whether any process is in it or below it. */
bool is_populated(const struct Cgroup* cgroup);

/* 1: the kernel killed a member for memory; 0: it did not; -1: not known here. */
int out_of_memory(const struct Cgroup* cgroup);

/* Removes the folder if it is empty, and forgets it. */
void remove_cgroup(struct Cgroup* cgroup);

#endif /* SHEAF_WORKER_SHIM_CGROUP_H_ */
