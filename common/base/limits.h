// Every limit of Sheaf that more than one folder must agree on, in one place, with its unit in the
// name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sheaf::limits {

// Jobs and runs.
inline constexpr std::size_t kMaxTasksPerJob = 1'000;
inline constexpr std::size_t kMaxTaskKeyBytes = 100;
inline constexpr std::size_t kMaxJobNameBytes = 4'096;
inline constexpr std::int64_t kMaxConcurrentRuns = 1'000;
inline constexpr std::size_t kMaxQueuedRunsPerJob = 1'000;
inline constexpr std::chrono::hours kMaxQueueWait{48};
inline constexpr std::size_t kMaxSettingsBytes = 4u << 20;
inline constexpr std::size_t kMaxParameterBytes = 10'000;
inline constexpr std::size_t kMaxIdempotencyTokenBytes = 64;
inline constexpr std::size_t kMaxResultMessageBytes = 4'096;

// For-each and run-job tasks.
inline constexpr std::size_t kMaxIterations = 1'000'000;
inline constexpr std::size_t kMaxRowsPerRun = 2'000'000;
inline constexpr std::size_t kMaxLiveRuns = 100'000;
inline constexpr std::chrono::seconds kRunJobRetryPause{1};
inline constexpr std::size_t kMaxIterationInputBytes = 64u << 20;
inline constexpr int kMaxForEachConcurrency = 100;
inline constexpr int kMaxStreamConcurrency = 1'000;
inline constexpr int kDefaultForEachConcurrency = 20;
inline constexpr int kMaxStreamChunk = 10'000;
inline constexpr int kDefaultStreamChunk = 1'000;
/// Of the inputs of one process of a stream; a single longer one goes alone.
inline constexpr std::size_t kMaxStreamLeaseBytes = 256u << 10;
/// A longer line of outcomes is passed over.
inline constexpr std::size_t kMaxStreamLineBytes = 64u << 10;
inline constexpr std::size_t kMaxStreamErrorBytes = 1'024;
/// Outcomes that are reported at once.
inline constexpr std::size_t kMaxStreamReport = 500;
inline constexpr int kMaxRunJobDepth = 3;

// Task values.
inline constexpr std::size_t kMaxTaskValueBytes = 48u << 10;
inline constexpr std::size_t kMaxTaskValuesPerRun = 250;
inline constexpr std::size_t kMaxTaskValueKeyBytes = 256;

// Attempts and workers.
inline constexpr int kMaxLostAttempts = 3;
inline constexpr std::chrono::minutes kWorkerLease{40};
inline constexpr std::chrono::seconds kHeartbeatInterval{5};
inline constexpr std::chrono::seconds kSuspectAfter{15};
inline constexpr std::chrono::seconds kStartGrace{300};
inline constexpr std::chrono::seconds kKillGrace{5};
inline constexpr std::size_t kMaxWorkers = 10'000;
inline constexpr std::size_t kMaxGpusPerWorker = 64;
inline constexpr std::size_t kMaxCachedEnvironments = 64;
inline constexpr std::size_t kMaxPools = 1'000;
inline constexpr std::size_t kMaxPoolNameBytes = 100;

// Messages and bodies.
inline constexpr std::size_t kMaxControlMessageBytes = 1u << 20;
inline constexpr std::size_t kMaxLogChunkBytes = 192u << 10;
inline constexpr std::size_t kMaxLogBytesPerAttempt = 1ull << 30;
inline constexpr std::size_t kMaxHookBodyBytes = 1u << 20;
inline constexpr std::size_t kMaxBlobBytes = 2ull << 30;
inline constexpr std::size_t kMaxEngineQueue = 65'536;
/// A batch of so many events starts no further iterations of for-each tasks: others have their
/// turn.
inline constexpr std::size_t kLongBatchEvents = 20'000;

// Hooks.
inline constexpr std::chrono::seconds kHookTimestampTolerance{300};
inline constexpr std::chrono::hours kHookDeliveryKept{7 * 24};

}  // namespace sheaf::limits
