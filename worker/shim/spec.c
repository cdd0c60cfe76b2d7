#include "worker/shim/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/shim/contract.h"

/* Where the next string of each repeated key goes. */
struct Lists {
  char** next_limit;
  char** next_argument;
  char** next_variable;
};

static bool read_fully(int file, char* buffer, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t count = read(file, buffer + done, size - done);
    if (count == 0 || (count < 0 && errno != EINTR)) {
      return false;
    }
    if (count > 0) {
      done += (size_t)count;
    }
  }
  return true;
}

/* The whole file in fresh memory with a NUL behind it; its length goes to `size`. */
static char* load(const char* name, size_t* size) {
  const int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return NULL;
  }
  struct stat status;
  char* buffer = NULL;
  if (fstat(file, &status) == 0 && status.st_size > 0 && status.st_size <= kShimMaxSpecBytes) {
    *size = (size_t)status.st_size;
    buffer = malloc(*size + 1);
  }
  if (buffer && !read_fully(file, buffer, *size)) {
    free(buffer);
    buffer = NULL;
  }
  if (buffer) {
    buffer[*size] = '\0';
  }
  close(file);
  return buffer;
}

static bool parse_number(const char* text, int64_t* number) {
  if (*text < '0' || *text > '9') {
    return false;
  }
  char* end = NULL;
  errno = 0;
  const long long parsed = strtoll(text, &end, 10);
  *number = parsed;
  return errno == 0 && *end == '\0';
}

static bool parse_sync(const char* text, enum SyncPolicy* policy) {
  static const char* const kNames[] = {"never", "worthwhile", "always"};
  for (int i = 0; i < 3; ++i) {
    if (strcmp(text, kNames[i]) == 0) {
      *policy = (enum SyncPolicy)i;
      return true;
    }
  }
  return false;
}

static bool set_text(struct Spec* spec, const char* key, const char* value) {
  const struct {
    const char* key;
    const char** place;
  } texts[] = {
      {"attempt", &spec->attempt},
      {"boot_id", &spec->boot_id},
      {"stdout", &spec->stdout_file},
      {"stderr", &spec->stderr_file},
      {"values", &spec->values_file},
      {"working_folder", &spec->working_folder},
      {"cgroup", &spec->cgroup},
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
    if (strcmp(key, texts[i].key) == 0) {
      *texts[i].place = value;
      return true;
    }
  }
  return false;
}

static bool set_field(struct Spec* spec, struct Lists* lists, const char* key, char* value) {
  if (strcmp(key, "arg") == 0) {
    return (*lists->next_argument++ = value), true;
  }
  if (strcmp(key, "env") == 0) {
    return (*lists->next_variable++ = value), true;
  }
  if (strcmp(key, "limit") == 0) {
    return (*lists->next_limit++ = value), true;
  }
  if (strcmp(key, "timeout_ms") == 0) {
    return parse_number(value, &spec->timeout_ms);
  }
  if (strcmp(key, "kill_grace_ms") == 0) {
    return parse_number(value, &spec->kill_grace_ms);
  }
  if (strcmp(key, "tree_wait_ms") == 0) {
    return parse_number(value, &spec->tree_wait_ms);
  }
  if (strcmp(key, "sync") == 0) {
    return parse_sync(value, &spec->sync);
  }
  return set_text(spec, key, value);
}

static size_t count_fields(const char* buffer, size_t size) {
  size_t count = 0;
  for (size_t i = 0; i < size; ++i) {
    count += buffer[i] == '\0';
  }
  return count;
}

/* Cuts `field` at its first '=' and stores it. */
static bool parse_field(struct Spec* spec, struct Lists* lists, char* field) {
  char* separator = strchr(field, '=');
  if (!separator) {
    return false;
  }
  *separator = '\0';
  return set_field(spec, lists, field, separator + 1);
}

static bool parse_fields(struct Spec* spec, struct Lists* lists, char* buffer, size_t size) {
  const char* const limit = buffer + size;
  if (strcmp(buffer, kShimSpecMagic) != 0) {
    return false;
  }
  char* field = buffer + sizeof kShimSpecMagic;
  while (field < limit) {
    char* const next = field + strlen(field) + 1;
    if (strcmp(field, kShimEnd) == 0) {
      return next == limit;
    }
    if (!parse_field(spec, lists, field)) {
      return false;
    }
    field = next;
  }
  return false;
}

bool read_spec(struct Spec* spec) {
  size_t size = 0;
  char* const buffer = load(kShimSpecFile, &size);
  if (!buffer || buffer[size - 1] != '\0') {
    return false;
  }
  const size_t slots = count_fields(buffer, size) + 1;
  char** const strings = (char**)calloc(3 * slots, sizeof(char*));
  if (!strings) {
    return false;
  }
  *spec = (struct Spec){
      .attempt = "",
      .boot_id = "",
      .working_folder = "",
      .stdout_file = "stdout",
      .stderr_file = "stderr",
      .values_file = "values",
      .cgroup = "",
      .kill_grace_ms = 5000,
      .tree_wait_ms = 120000,
      .sync = kSyncWorthwhile,
      .limits = strings,
      .arguments = strings + slots,
      .environment = strings + 2 * slots,
  };
  struct Lists lists = {spec->limits, spec->arguments, spec->environment};
  return parse_fields(spec, &lists, buffer, size) && spec->arguments[0] != NULL;
}
