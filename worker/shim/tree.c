#include "worker/shim/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/shim/contract.h"
#include "worker/shim/decimal.h"

struct Entry {
  struct Process process;
  bool descends;
};

struct Listing {
  struct Entry* entries;
  size_t count;
  size_t capacity;
};

/* Opens /proc/<pid>/stat. */
static int open_stat(pid_t pid) {
  static const char kProc[] = "/proc/";
  static const char kStat[] = "/stat";
  char path[sizeof kProc + kDecimalBytes + sizeof kStat];
  char digits[kDecimalBytes];
  (void)stpcpy(stpcpy(stpcpy(path, kProc), format_decimal(pid, digits)), kStat);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* The text from field 3 on, or NULL. The name (field 2) may itself hold spaces and parentheses. */
static const char* read_stat(pid_t pid, char* text, size_t capacity) {
  const int file = open_stat(pid);
  if (file < 0) {
    return NULL;
  }
  const ssize_t size = read(file, text, capacity - 1);
  close(file);
  if (size <= 0) {
    return NULL;
  }
  text[size] = '\0';
  const char* const name_end = strrchr(text, ')');
  return name_end && name_end[1] == ' ' ? name_end + 2 : NULL;
}

static const char* skip_fields(const char* text, int count) {
  while (text && count-- > 0) {
    text = strchr(text, ' ');
    text = text ? text + 1 : NULL;
  }
  return text;
}

bool read_process(pid_t pid, struct Process* process) {
  char text[1024];
  const char* const state = read_stat(pid, text, sizeof text);
  const char* const parent = skip_fields(state, 1);
  const char* const start_time = skip_fields(parent, 18);
  if (!start_time) {
    return false;
  }
  process->pid = pid;
  process->parent = atoi(parent);
  process->start_time = strtoull(start_time, NULL, 10);
  return true;
}

void reap(struct Tree* tree) {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == tree->main) {
      tree->main_ended = true;
      tree->main_status = status;
    } else if (pid <= 0) {
      tree->empty = pid < 0 && errno == ECHILD;
      return;
    }
  }
}

static bool append(struct Listing* listing, struct Process process) {
  if (listing->count == listing->capacity) {
    const size_t capacity = listing->capacity == 0 ? 512 : 2 * listing->capacity;
    struct Entry* const grown = realloc(listing->entries, capacity * sizeof *grown);
    if (!grown || capacity > kShimMaxProcesses) {
      return false;
    }
    listing->entries = grown;
    listing->capacity = capacity;
  }
  listing->entries[listing->count++] = (struct Entry){process, false};
  return true;
}

static void list_processes(struct Listing* listing) {
  DIR* const folder = opendir("/proc");
  if (!folder) {
    return;
  }
  for (const struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    struct Process process;
    const pid_t pid = atoi(entry->d_name); /* 0 for what is no process */
    if (pid > 0 && read_process(pid, &process) && !append(listing, process)) {
      break; /* out of memory: those found so far, the next walk finds others */
    }
  }
  closedir(folder);
}

static bool is_marked(const struct Listing* listing, pid_t pid) {
  if (pid == getpid()) {
    return true;
  }
  for (size_t i = 0; i < listing->count; ++i) {
    if (listing->entries[i].process.pid == pid) {
      return listing->entries[i].descends;
    }
  }
  return false;
}

/* Marks those whose parent is marked; whether there were any new ones. */
static bool mark_children(struct Listing* listing) {
  bool found = false;
  for (size_t i = 0; i < listing->count; ++i) {
    struct Entry* const entry = &listing->entries[i];
    if (!entry->descends && is_marked(listing, entry->process.parent)) {
      found = entry->descends = true;
    }
  }
  return found;
}

static void mark_descendants(struct Listing* listing) {
  while (mark_children(listing)) {
  }
}

/* Signals through a pidfd, after checking that the pid still means the same process. */
static void signal_process(const struct Process* process, int signal) {
  const int handle = (int)syscall(SYS_pidfd_open, process->pid, 0);
  if (handle < 0) {
    return;
  }
  struct Process current;
  if (read_process(process->pid, &current) && current.start_time == process->start_time) {
    (void)syscall(SYS_pidfd_send_signal, handle, signal, NULL, 0);
  }
  close(handle);
}

void signal_descendants(int signal) {
  struct Listing listing = {NULL, 0, 0};
  list_processes(&listing);
  mark_descendants(&listing);
  for (size_t i = 0; i < listing.count; ++i) {
    if (listing.entries[i].descends) {
      signal_process(&listing.entries[i].process, signal);
    }
  }
  free(listing.entries);
}
