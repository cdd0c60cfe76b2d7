/* The spec of an attempt, parsed in place: all strings point into one buffer that lives as long as
   the shim. */
#ifndef SHEAF_WORKER_SHIM_SPEC_H_
#define SHEAF_WORKER_SHIM_SPEC_H_

#include <stdbool.h>
#include <stdint.h>

enum SyncPolicy { kSyncNever, kSyncWorthwhile, kSyncAlways };

struct Spec {
  const char* attempt;        /* decimal id, copied into the records */
  const char* boot_id;        /* copied into the started record */
  const char* working_folder; /* "" stays in the attempt folder */
  const char* stdout_file;    /* relative to the attempt folder, or absolute */
  const char* stderr_file;
  const char* values_file;
  const char* cgroup;    /* cgroup2 folder to create and use; "" for none */
  int64_t timeout_ms;    /* 0: none */
  int64_t kill_grace_ms; /* between TERM and KILL */
  int64_t tree_wait_ms;  /* how long to wait for a killed tree to vanish */
  enum SyncPolicy sync;
  char** limits; /* "file=value" to write into the cgroup, NULL-terminated */
  char** arguments;
  char** environment;
};

/* Reads kShimSpecFile of the current folder. False if it is missing, torn or not understood. */
bool read_spec(struct Spec* spec);

#endif /* SHEAF_WORKER_SHIM_SPEC_H_ */
