#include "worker/shim/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/shim/decimal.h"

static const struct Cgroup kNoCgroup = {"", -1};

struct Cgroup create_cgroup(const char* path) {
  if (*path == '\0' || mkdir(path, 0755) != 0) {
    return kNoCgroup;
  }
  const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) {
    rmdir(path);
    return kNoCgroup;
  }
  return (struct Cgroup){path, folder};
}

static bool write_control(const struct Cgroup* cgroup, const char* name, const char* value) {
  const int file = openat(cgroup->folder, name, O_WRONLY | O_CLOEXEC);
  if (file < 0) {
    return false;
  }
  const ssize_t size = (ssize_t)strlen(value);
  const bool written = write(file, value, (size_t)size) == size;
  close(file);
  return written;
}

bool set_limit(const struct Cgroup* cgroup, const char* assignment) {
  char name[64];
  const char* const separator = strchr(assignment, '=');
  if (!separator || separator - assignment >= (ptrdiff_t)sizeof name || cgroup->folder < 0) {
    return false;
  }
  const size_t size = (size_t)(separator - assignment);
  memcpy(name, assignment, size);
  name[size] = '\0';
  return !strchr(name, '/') && write_control(cgroup, name, separator + 1);
}

bool add_process(const struct Cgroup* cgroup, pid_t process) {
  char digits[kDecimalBytes];
  return cgroup->folder >= 0 &&
         write_control(cgroup, "cgroup.procs", format_decimal(process, digits));
}

void kill_members(const struct Cgroup* cgroup) {
  if (cgroup->folder >= 0) {
    (void)write_control(cgroup, "cgroup.kill", "1");
  }
}

/* The number behind "key " at the start of a line of a small control file, or -1. */
static int read_counter(const struct Cgroup* cgroup, const char* name, const char* key) {
  const int file = cgroup->folder < 0 ? -1 : openat(cgroup->folder, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return -1;
  }
  char text[1024];
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) {
    return -1;
  }
  text[size] = '\0';
  const size_t length = strlen(key);
  for (const char* line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, key, length) == 0 && line[length] == ' ') {
      return atoi(line + length + 1);
    }
  }
  return -1;
}

bool is_populated(const struct Cgroup* cgroup) {
  return read_counter(cgroup, "cgroup.events", "populated") > 0;
}

int out_of_memory(const struct Cgroup* cgroup) {
  const int kills = read_counter(cgroup, "memory.events", "oom_kill");
  return kills > 0 ? 1 : kills;
}

void remove_cgroup(struct Cgroup* cgroup) {
  if (cgroup->folder < 0) {
    return;
  }
  close(cgroup->folder);
  (void)rmdir(cgroup->path); /* not if the task made cgroups of its own: the worker removes those */
  *cgroup = kNoCgroup;
}
