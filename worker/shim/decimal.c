#include "worker/shim/decimal.h"

const char* format_decimal(int64_t value, char* buffer) {
  char* cursor = buffer + kDecimalBytes;
  *--cursor = '\0';
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    *--cursor = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (value < 0) {
    *--cursor = '-';
  }
  return cursor;
}
