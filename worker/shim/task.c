#include "worker/shim/task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum Step { kEnterFolder, kExecute };
enum { kTaskUmask = 022, kNotFoundStatus = 127, kNotExecutedStatus = 126 };

/* What the child tells before it ends without having become the program. */
struct Report {
  int step;
  int error;
};

struct Streams {
  int input;
  int output;
  int error;
};

/* struct clone_args of the kernel (uapi/linux/sched.h), which C libraries do not offer. */
struct CloneArguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
      set_tid_size, cgroup;
};
static const uint64_t kCloneIntoCgroup = 0x200000000ULL;

static _Noreturn void give_up(int control, enum Step step) {
  const struct Report report = {(int)step, errno};
  (void)send(control, &report, sizeof report, MSG_NOSIGNAL);
  _exit(report.error == ENOENT ? kNotFoundStatus : kNotExecutedStatus);
}

static void prefer_as_memory_victim(void) {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  (void)!write(file, "500", 3);
  close(file);
}

/* By system call, because C libraries keep some signals for themselves. All zero is SIG_DFL. */
static void reset_signals(void) {
  static const uint64_t kDefaultAction[8] = {0};
  enum { kLastSignal = 64, kSetBytes = 8 };
  for (int number = 1; number <= kLastSignal; ++number) {
    (void)syscall(SYS_rt_sigaction, number, kDefaultAction, NULL, kSetBytes);
  }
}

/* Gives the process what every task finds: own session, default signals, no core, no new rights. */
static void prepare_process(const struct Streams* streams) {
  setsid();
  reset_signals();
  umask(kTaskUmask);
  const struct rlimit no_core = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &no_core);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prefer_as_memory_victim();
  dup2(streams->input, STDIN_FILENO);
  dup2(streams->output, STDOUT_FILENO);
  dup2(streams->error, STDERR_FILENO);
}

static void wait_for_release(int control) {
  char go = 0;
  ssize_t count = 0;
  do {
    count = read(control, &go, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) {
    _exit(kNotExecutedStatus); /* the shim died: nobody would record what this task does */
  }
}

static _Noreturn void run_task(const struct Spec* spec,
                               int control,
                               const struct Streams* streams) {
  prepare_process(streams);
  wait_for_release(control);
  if (*spec->working_folder && chdir(spec->working_folder) != 0) {
    give_up(control, kEnterFolder);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  environ = spec->environment;
  execvp(spec->arguments[0], spec->arguments);
  give_up(control, kExecute);
}

/* A fork whose child is born inside the cgroup: no migration, which would stall the machine. */
static pid_t fork_into(const struct Cgroup* cgroup) {
  struct CloneArguments arguments = {.exit_signal = SIGCHLD};
  if (cgroup->folder >= 0) {
    arguments.flags = kCloneIntoCgroup;
    arguments.cgroup = (uint64_t)cgroup->folder;
  }
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

static pid_t fork_task(struct Cgroup* cgroup) {
  pid_t pid = fork_into(cgroup);
  if (pid >= 0 || errno == EAGAIN || errno == ENOMEM) {
    return pid;
  }
  pid = fork(); /* an older kernel, or a filter that forbids clone3 */
  if (pid > 0 && !add_process(cgroup, pid)) {
    remove_cgroup(cgroup);
  }
  return pid;
}

static int open_output(const char* name) {
  return open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
}

static void close_streams(const struct Streams* streams) {
  close(streams->input);
  close(streams->output);
  close(streams->error);
}

static struct StartFailure open_streams(const struct Spec* spec, struct Streams* streams) {
  const struct StartFailure none = {NULL, "", 0};
  streams->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (streams->input < 0) {
    return (struct StartFailure){"open", "/dev/null", errno};
  }
  streams->output = open_output(spec->stdout_file);
  if (streams->output < 0) {
    return (struct StartFailure){"open", spec->stdout_file, errno};
  }
  streams->error = open_output(spec->stderr_file);
  if (streams->error < 0) {
    return (struct StartFailure){"open", spec->stderr_file, errno};
  }
  return none;
}

static struct StartFailure set_limits(const struct Spec* spec, const struct Cgroup* cgroup) {
  for (char** limit = spec->limits; *limit; ++limit) {
    if (!set_limit(cgroup, *limit)) {
      return (struct StartFailure){"set limit", *limit, cgroup->folder < 0 ? ENOTSUP : errno};
    }
  }
  return (struct StartFailure){NULL, "", 0};
}

struct StartFailure hold_task(const struct Spec* spec, struct Cgroup* cgroup, struct Task* task) {
  struct StartFailure failure = set_limits(spec, cgroup);
  if (failure.step) {
    return failure;
  }
  struct Streams streams;
  failure = open_streams(spec, &streams);
  if (failure.step) {
    return failure;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return (struct StartFailure){"create process", spec->arguments[0], errno};
  }
  task->pid = fork_task(cgroup);
  if (task->pid == 0) {
    close(ends[0]);
    run_task(spec, ends[1], &streams);
  }
  if (task->pid < 0) {
    failure = (struct StartFailure){"create process", spec->arguments[0], errno};
  }
  close(ends[1]);
  close_streams(&streams);
  task->control = ends[0];
  return failure;
}

void release_task(const struct Task* task) {
  (void)send(task->control, "!", 1, MSG_NOSIGNAL);
}

struct StartFailure task_failure(const struct Spec* spec, const struct Task* task) {
  struct Report report;
  if (recv(task->control, &report, sizeof report, MSG_DONTWAIT) != (ssize_t)sizeof report) {
    return (struct StartFailure){NULL, "", 0};
  }
  if (report.step == kEnterFolder) {
    return (struct StartFailure){"enter", spec->working_folder, report.error};
  }
  return (struct StartFailure){"execute", spec->arguments[0], report.error};
}
