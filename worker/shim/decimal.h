/* Numbers as text, without printf and the locale that it brings. */
#ifndef SHEAF_WORKER_SHIM_DECIMAL_H_
#define SHEAF_WORKER_SHIM_DECIMAL_H_

#include <stdint.h>

enum { kDecimalBytes = 24 };

/* Writes `value` into `buffer` (kDecimalBytes) and returns where its text begins in there. */
const char* format_decimal(int64_t value, char* buffer);

#endif /* SHEAF_WORKER_SHIM_DECIMAL_H_ */
