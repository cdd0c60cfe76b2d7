#include "worker/shim/record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "worker/shim/contract.h"
#include "worker/shim/decimal.h"

/* Room that texts leave free, so that the last line always fits; and the most of one text. */
enum { kReservedBytes = 16, kMaxTextBytes = 4096 };

static void add_byte(struct Record* record, char byte) {
  if (record->size < kRecordBytes - kReservedBytes) {
    record->text[record->size++] = byte;
  }
}

static void add_line(struct Record* record, const char* text) {
  for (int i = 0; text[i] && i < kMaxTextBytes; ++i) {
    const bool is_control = (unsigned char)text[i] < ' ';
    add_byte(record, (char)(is_control ? '?' : text[i]));
  }
}

void begin_record(struct Record* record, const char* magic) {
  record->size = 0;
  add_line(record, magic);
  add_byte(record, '\n');
}

void add_text(struct Record* record, const char* key, const char* value) {
  add_line(record, key);
  add_byte(record, '=');
  add_line(record, value);
  add_byte(record, '\n');
}

void add_number(struct Record* record, const char* key, int64_t value) {
  char digits[kDecimalBytes];
  add_text(record, key, format_decimal(value, digits));
}

void end_record(struct Record* record) {
  if (record->text[record->size - 1] != '\n') {
    record->text[record->size++] = '\n';
  }
  memcpy(record->text + record->size, kShimEnd, sizeof kShimEnd - 1);
  record->size += sizeof kShimEnd - 1;
  record->text[record->size++] = '\n';
}

bool store_record(const struct Record* record, int file, enum Durability durability) {
  size_t done = 0;
  while (done < record->size) {
    const ssize_t count = write(file, record->text + done, record->size - done);
    if (count < 0 && errno != EINTR) {
      return false;
    }
    if (count > 0) {
      done += (size_t)count;
    }
  }
  return durability == kVolatile || fsync(file) == 0;
}

static bool sync_opened(int file) {
  if (file < 0) {
    return errno == ENOENT;
  }
  const bool synced = fsync(file) == 0 || errno == EINVAL; /* e.g. /dev/null: nothing to keep */
  const int error = errno;
  close(file);
  errno = error;
  return synced;
}

bool sync_folder(void) {
  return sync_opened(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool sync_file(const char* name) {
  /* The task may have put a pipe there, which nobody opens at its other end. */
  return sync_opened(open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}
