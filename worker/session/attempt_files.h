// The agent's own records beside the runner's folders: leases it accepted, and outcomes that no
// shim recorded. Both in wire form; written by rename, so that a reader sees all or nothing, and
// without fsync, so that after a power loss they may be gone or damaged: every attempt is lost then
// anyway, and the scheduler repeats it. Threads: the session's.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace sheaf::session {

class AttemptFiles {
 public:
  [[nodiscard]] static Result<AttemptFiles> open(std::filesystem::path folder);

  [[nodiscard]] Result<void> store_lease(const wire::Lease& lease) const;
  [[nodiscard]] Result<void> store_outcome(const wire::ResultReport& report) const;

  /// A lease file that is there, but holds no lease.
  struct DamagedLease {
    AttemptId attempt;
    Error error;
  };
  struct StoredLeases {
    std::vector<wire::Lease> leases;
    std::vector<DamagedLease> damaged;
  };
  [[nodiscard]] Result<StoredLeases> leases() const;
  /// Fails with kCorrupt (or as the wire's decoding) if the record is damaged.
  [[nodiscard]] Result<std::optional<wire::ResultReport>> outcome(AttemptId attempt) const;
  /// From now on the attempt may have run: a folder that is missing was removed, not never made.
  [[nodiscard]] Result<void> mark_launched(AttemptId attempt) const;
  [[nodiscard]] bool was_launched(AttemptId attempt) const;
  /// Once it is certain that nothing of it ran.
  [[nodiscard]] Result<void> unmark_launched(AttemptId attempt) const;
  /// Forgets the attempt. Missing files are success.
  [[nodiscard]] Result<void> remove(AttemptId attempt) const;

  /// The highest scheduler epoch and fence ever obeyed. It guards against old copies of the
  /// scheduler's store only, and so is not fsynced, and a new fence is stored within about a second
  /// or at the end: who is killed before knows it from the lease, unless that is forgotten already.
  struct HighWater {
    std::uint64_t epoch = 0;
    std::uint64_t fence = 0;
    friend bool operator==(const HighWater&, const HighWater&) = default;
  };
  [[nodiscard]] HighWater high_water() const;
  [[nodiscard]] Result<void> store_high_water(const HighWater& mark) const;

 private:
  explicit AttemptFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::filesystem::path lease_path(AttemptId attempt) const;
  [[nodiscard]] std::filesystem::path outcome_path(AttemptId attempt) const;
  [[nodiscard]] std::filesystem::path launched_path(AttemptId attempt) const;

  std::filesystem::path folder_;
};

}  // namespace sheaf::session
