/* What the shim and those who start it agree on: file names, keys, exit statuses. Plain C, so that
   both sides include it. README.md beside this file tells the whole contract in words.

   A spec is a sequence of fields "key=value", each ended by a NUL byte: values may hold any other
   byte. It begins with kShimSpecMagic and ends with kShimEnd. Records are the same with newlines
   for NULs (the shim replaces control characters in texts), so that they can be read by eye. */
#ifndef SHEAF_WORKER_SHIM_CONTRACT_H_
#define SHEAF_WORKER_SHIM_CONTRACT_H_

/* NOLINTBEGIN(modernize-avoid-c-arrays): this is C. */

/* Files of an attempt folder. The rename of the claim to kShimStartedFile is the moment after which
   the task may run; nothing of the task has run while that name does not exist. */
static const char kShimSpecFile[] = "spec";
static const char kShimClaimFile[] = "started.part";
static const char kShimStartedFile[] = "started";
static const char kShimExitPartFile[] = "exit.part";
static const char kShimExitFile[] = "exit";
/* Made by whoever decides that this attempt must not start any more; a later shim refuses. */
static const char kShimAbandonedFile[] = "abandoned";

/* First and last field of each document. */
static const char kShimSpecMagic[] = "sheaf-shim-spec 1";
static const char kShimStartedMagic[] = "sheaf-shim-started 1";
static const char kShimExitMagic[] = "sheaf-shim-exit 1";
static const char kShimEnd[] = "end";

/* NOLINTEND(modernize-avoid-c-arrays) */

/* Exit statuses of the shim itself. Only kShimDone stands beside an exit record. */
enum ShimStatus {
  kShimDone = 0,          /* the exit record is written */
  kShimUsage = 64,        /* wrong arguments, or no such folder */
  kShimRefused = 65,      /* another shim claimed the folder, or it was abandoned */
  kShimBadSpec = 66,      /* the spec is missing, torn or foreign */
  kShimCannotRecord = 67, /* started could not be written (nothing ran), or exit could not */
  kShimNoResources = 68   /* out of memory, processes or descriptors before the start */
};

/* Largest spec that a shim reads, and most descendants that it looks at when it kills a tree. */
enum { kShimMaxSpecBytes = 8 << 20, kShimMaxProcesses = 1 << 22 };

/* With sync=worthwhile, an exit record is made durable when the attempt lasted at least this long
   or left a non-empty values file: losing it would cost that much work again, or the values. */
enum { kShimWorthwhileMs = 1000 };

/* How long the shim tries to store an exit record while the disk is full or fails. Where its folder
   is gone or locked it gives up at once: its death without a record is the answer. */
enum { kShimRecordPatienceMs = 600 * 1000 };

#endif /* SHEAF_WORKER_SHIM_CONTRACT_H_ */
