// The real store, in whose commits the scheduler can be made to die.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/store/store.h"
#include "tests/sim/ledger.h"
#include "tests/sim/memory_disk.h"

namespace sheaf::sim {

/// Thrown through the engine's turn: the process is gone at this point.
struct SchedulerDied {};

/// Where in a commit the scheduler dies.
enum class CommitDeath { kBefore, kInTheLog, kAfter };

class CrashingStore : public store::Store {
 public:
  /// All but `inner` outlive the store.
  CrashingStore(std::unique_ptr<store::Store> inner,
                MemoryDisk& disk,
                Ledger& ledger,
                std::function<Timestamp()> wall_time)
      : inner_(std::move(inner)), disk_(disk), ledger_(ledger), wall_time_(std::move(wall_time)) {}

  /// The next commit is the last. `take_image` is called at the instant of death.
  void die_in_next_commit(CommitDeath where,
                          std::uint64_t operation,
                          std::function<void()> take_image) {
    death_ = where;
    operation_ = operation;
    take_image_ = std::move(take_image);
  }

  [[nodiscard]] Result<void> commit(const store::Batch& batch) override {
    if (!death_) {
      auto committed = inner_->commit(batch);
      if (committed) {
        ledger_.record(batch, inner_->head().chain, wall_time_());
      }
      return committed;
    }
    ledger_.hold(batch, wall_time_());
    if (death_ == CommitDeath::kBefore) {
      take_image_();
      throw SchedulerDied{};
    }
    bool is_taken = false;
    if (death_ == CommitDeath::kInTheLog) {
      disk_.before_log_operation(operation_, [this, &is_taken] {
        is_taken = true;
        take_image_();
      });
    }
    static_cast<void>(inner_->commit(batch));
    disk_.forget_action();
    if (!is_taken) {
      take_image_();
    }
    throw SchedulerDied{};
  }

  [[nodiscard]] store::Head head() const override { return inner_->head(); }
  [[nodiscard]] const std::string& id() const override { return inner_->id(); }
  [[nodiscard]] const std::vector<std::string>& notices() const override {
    return inner_->notices();
  }
  [[nodiscard]] Result<core::StoredState> recover() const override { return inner_->recover(); }
  [[nodiscard]] std::unique_ptr<store::Reader> read() const override { return inner_->read(); }

 private:
  std::unique_ptr<store::Store> inner_;
  MemoryDisk& disk_;
  Ledger& ledger_;
  std::function<Timestamp()> wall_time_;
  std::optional<CommitDeath> death_;
  std::uint64_t operation_ = 0;
  std::function<void()> take_image_;
};

}  // namespace sheaf::sim
