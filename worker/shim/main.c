/* sheaf-shim <attempt folder> [descriptor]: supervises one attempt and outlives the worker agent.
   The contract with those who start it stands in README.md and contract.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "worker/shim/cgroup.h"
#include "worker/shim/contract.h"
#include "worker/shim/record.h"
#include "worker/shim/spec.h"
#include "worker/shim/supervise.h"
#include "worker/shim/task.h"
#include "worker/shim/tree.h"

static void close_range_of(unsigned first, unsigned last) {
  if (first <= last) {
    (void)syscall(SYS_close_range, first, last, 0);
  }
}

/* Cuts every tie to the agent: session, signals, descriptors (but for `ready`, -1 if none). */
static bool detach(int ready) {
  sigset_t awaited;
  sigemptyset(&awaited);
  add_awaited_signals(&awaited);
  sigprocmask(SIG_SETMASK, &awaited, NULL);
  static const int kIgnored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ};
  for (size_t i = 0; i < sizeof kIgnored / sizeof kIgnored[0]; ++i) {
    (void)signal(kIgnored[i], SIG_IGN);
  }
  (void)signal(SIGCHLD, SIG_DFL);
  (void)signal(SIGTERM, SIG_DFL); /* an ignored signal would never be queued */
  setsid();
  if (ready > STDERR_FILENO) {
    close_range_of(3, (unsigned)ready - 1);
    close_range_of((unsigned)ready + 1, UINT_MAX);
    (void)fcntl(ready, F_SETFD, FD_CLOEXEC);
  } else {
    close_range_of(3, UINT_MAX);
  }
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) {
    return false;
  }
  for (int stream = 0; stream <= STDERR_FILENO; ++stream) {
    dup2(null, stream);
  }
  if (null > STDERR_FILENO) {
    close(null);
  }
  return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static bool exists(const char* name) {
  return access(name, F_OK) == 0;
}

/* Takes the folder for this shim alone. The claim becomes the started record by a rename, so only a
   folder without either name can be claimed. */
static enum ShimStatus claim_folder(int* claim) {
  *claim = open(kShimClaimFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (*claim < 0) {
    return errno == EEXIST ? kShimRefused : kShimCannotRecord;
  }
  if (exists(kShimStartedFile) || exists(kShimAbandonedFile) || exists(kShimExitFile)) {
    unlink(kShimClaimFile);
    return kShimRefused;
  }
  return kShimDone;
}

static bool record_start(const struct Spec* spec,
                         int claim,
                         const struct Task* task,
                         const struct Cgroup* cgroup,
                         struct Instant started) {
  struct Process own;
  struct Process main_process;
  if (!read_process(getpid(), &own) || !read_process(task->pid, &main_process)) {
    return false;
  }
  struct Record record;
  begin_record(&record, kShimStartedMagic);
  add_text(&record, "attempt", spec->attempt);
  add_text(&record, "boot_id", spec->boot_id);
  add_number(&record, "shim_pid", own.pid);
  add_number(&record, "shim_start_time", (int64_t)own.start_time);
  add_number(&record, "main_pid", main_process.pid);
  add_number(&record, "main_start_time", (int64_t)main_process.start_time);
  add_number(&record, "started_realtime_ms", started.realtime_ms);
  add_number(&record, "started_boottime_ms", started.boottime_ms);
  add_text(&record, "cgroup", cgroup->path);
  end_record(&record);
  return store_record(&record, claim, kVolatile) && rename(kShimClaimFile, kShimStartedFile) == 0;
}

static void add_end(struct Record* record, const struct Tree* tree, bool started) {
  const bool ended = started && tree->main_ended;
  const bool exited = ended && WIFEXITED(tree->main_status);
  const bool signalled = ended && WIFSIGNALED(tree->main_status);
  const char* const how = !started    ? "not_started"
                          : exited    ? "exit"
                          : signalled ? "signal"
                                      : "unreaped";
  add_text(record, "ended_by", how);
  add_number(record, "exit_code", exited ? WEXITSTATUS(tree->main_status) : -1);
  add_number(record, "signal", signalled ? WTERMSIG(tree->main_status) : 0);
}

static int64_t microseconds(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static void add_usage(struct Record* record) {
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_CHILDREN, &usage);
  add_number(record, "user_us", microseconds(usage.ru_utime));
  add_number(record, "system_us", microseconds(usage.ru_stime));
  add_number(record, "max_rss_bytes", (int64_t)usage.ru_maxrss * 1024);
}

/* What is known when an attempt is over. */
struct Ending {
  struct Outcome outcome;
  struct StartFailure failure;
  bool started; /* the held process was released; it may yet have failed to execute */
  bool tree_empty;
  int out_of_memory;
};

static void describe(struct Record* record, const struct Spec* spec, const struct Ending* ending) {
  begin_record(record, kShimExitMagic);
  add_text(record, "attempt", spec->attempt);
  add_text(record, "boot_id", spec->boot_id);
  add_end(record, &ending->outcome.tree, ending->started);
  add_number(record, "timed_out", ending->outcome.timed_out);
  add_number(record, "cancelled", ending->outcome.cancelled);
  add_number(record, "left_children", ending->outcome.left_children);
  add_number(record, "tree_empty", ending->tree_empty);
  add_number(record, "out_of_memory", ending->out_of_memory);
  add_number(record, "ended_realtime_ms", ending->outcome.ended.realtime_ms);
  add_number(record, "ended_boottime_ms", ending->outcome.ended.boottime_ms);
  add_usage(record);
  add_text(record, "failed_step", ending->failure.step ? ending->failure.step : "");
  add_number(record, "failed_error", ending->failure.error);
  add_text(record, "failed_subject", ending->failure.step ? ending->failure.subject : "");
  end_record(record);
}

static bool has_values(const struct Spec* spec) {
  struct stat status;
  return stat(spec->values_file, &status) == 0 && status.st_size > 0;
}

static enum Durability choose_durability(const struct Spec* spec,
                                         struct Instant started,
                                         struct Instant ended) {
  if (spec->sync == kSyncNever) {
    return kVolatile;
  }
  const bool long_enough = ended.boottime_ms - started.boottime_ms >= kShimWorthwhileMs;
  return spec->sync == kSyncAlways || long_enough || has_values(spec) ? kDurable : kVolatile;
}

/* Logs may be lost to a failing disk, an outcome and its values may not. */
static bool sync_outputs(const struct Spec* spec) {
  (void)sync_file(spec->stdout_file);
  (void)sync_file(spec->stderr_file);
  return sync_file(spec->values_file);
}

static bool try_record_end(const struct Record* record, enum Durability durability) {
  (void)unlink(kShimExitPartFile);
  const int file = open(kShimExitPartFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    return false;
  }
  const bool stored = store_record(record, file, durability);
  const int error = errno;
  close(file);
  errno = error;
  return stored && rename(kShimExitPartFile, kShimExitFile) == 0 &&
         (durability == kVolatile || sync_folder());
}

/* Of the disk or the machine, not of what a task did to its folder. */
static bool may_pass(int error) {
  return error == ENOSPC || error == EDQUOT || error == EIO || error == ENOMEM || error == EMFILE ||
         error == ENFILE;
}

/* A full disk must not lose an outcome: tries for kShimRecordPatienceMs. */
static bool record_end(const struct Spec* spec,
                       const struct Record* record,
                       enum Durability durability) {
  const struct timespec pause = {1, 0};
  const int64_t limit = read_clocks().boottime_ms + kShimRecordPatienceMs;
  for (;;) {
    if ((durability == kVolatile || sync_outputs(spec)) && try_record_end(record, durability)) {
      return true;
    }
    if (!may_pass(errno) || read_clocks().boottime_ms >= limit) {
      return false;
    }
    nanosleep(&pause, NULL);
  }
}

static void announce(int ready) {
  if (ready < 0) {
    return;
  }
  (void)!write(ready, "S", 1);
  close(ready);
}

static enum ShimStatus finish(const struct Spec* spec,
                              const struct Ending* ending,
                              struct Instant started) {
  struct Record record;
  describe(&record, spec, ending);
  const enum Durability durability = choose_durability(spec, started, ending->outcome.ended);
  return record_end(spec, &record, durability) ? kShimDone : kShimCannotRecord;
}

/* The attempt could not be started for a reason that the user must hear. */
static enum ShimStatus finish_unstarted(const struct Spec* spec, struct StartFailure failure) {
  struct Ending ending = {.failure = failure, .tree_empty = true, .out_of_memory = -1};
  ending.outcome.ended = read_clocks();
  return finish(spec, &ending, ending.outcome.ended);
}

static enum ShimStatus run_attempt(const struct Spec* spec, int claim, int ready) {
  struct Cgroup cgroup = create_cgroup(spec->cgroup);
  struct Task task;
  const struct StartFailure failure = hold_task(spec, &cgroup, &task);
  if (failure.step) {
    remove_cgroup(&cgroup);
    return finish_unstarted(spec, failure);
  }
  const struct Instant started = read_clocks();
  if (!record_start(spec, claim, &task, &cgroup, started)) {
    close(task.control); /* ends the held process */
    (void)waitpid(task.pid, NULL, 0);
    remove_cgroup(&cgroup);
    return exists(kShimAbandonedFile) ? kShimRefused : kShimCannotRecord;
  }
  close(claim);
  release_task(&task);
  announce(ready);
  struct Ending ending = {.outcome = supervise(spec, &cgroup, task.pid, started), .started = true};
  ending.failure = task_failure(spec, &task);
  ending.tree_empty = ending.outcome.tree.empty && !is_populated(&cgroup);
  ending.out_of_memory = out_of_memory(&cgroup);
  remove_cgroup(&cgroup);
  return finish(spec, &ending, started);
}

int main(int count, char** arguments) {
  const int ready = count == 3 ? atoi(arguments[2]) : -1;
  if (count < 2 || count > 3) {
    return kShimUsage;
  }
  if (!detach(ready)) {
    return kShimNoResources;
  }
  if (chdir(arguments[1]) != 0) {
    return kShimUsage;
  }
  int claim = -1;
  const enum ShimStatus claimed = claim_folder(&claim);
  if (claimed != kShimDone) {
    return (int)claimed;
  }
  struct Spec spec;
  if (!read_spec(&spec)) {
    return kShimBadSpec;
  }
  return (int)run_attempt(&spec, claim, ready);
}
