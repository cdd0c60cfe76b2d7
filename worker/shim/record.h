/* Records of an attempt: small texts that appear whole or not at all. */
#ifndef SHEAF_WORKER_SHIM_RECORD_H_
#define SHEAF_WORKER_SHIM_RECORD_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { kRecordBytes = 8192 };

/* A record under construction; texts too long for it are cut. */
struct Record {
  size_t size;
  char text[kRecordBytes];
};

void begin_record(struct Record* record, const char* magic);
void add_text(struct Record* record, const char* key, const char* value);
void add_number(struct Record* record, const char* key, int64_t value);
void end_record(struct Record* record);

enum Durability { kVolatile, kDurable };

/* Writes the record to the open file `file`; with kDurable it is on disk afterwards. */
bool store_record(const struct Record* record, int file, enum Durability durability);

/* Makes the names in the current folder durable. */
bool sync_folder(void);

/* Makes the content of a file durable; one that does not exist has none. */
bool sync_file(const char* name);

#endif /* SHEAF_WORKER_SHIM_RECORD_H_ */
