/* The shortest task that tells when it ran: appends its wall clock, in nanoseconds, to the file
   named by its argument, and exits. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int count, char** arguments) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  char line[32];
  const int length = snprintf(line, sizeof line, "%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
  const int file = count > 1 ? open(arguments[1], O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  return file >= 0 && write(file, line, (size_t)length) == length ? 0 : 1;
}
