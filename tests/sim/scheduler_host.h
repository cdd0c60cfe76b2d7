// The scheduler's machine: its disk, its clocks, and one scheduler process after another, each made
// of the real store, the real turn of the core and the real control conversation.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/env.h>

#include "common/base/guarded.h"
#include "scheduler/engine/turn.h"
#include "scheduler/workers/control.h"
#include "tests/sim/bus.h"
#include "tests/sim/crashing_store.h"
#include "tests/sim/faults.h"
#include "tests/sim/ledger.h"
#include "tests/sim/memory_disk.h"
#include "tests/sim/timeline.h"
#include "tests/sim/watcher.h"

namespace sheaf::sim {

/// What a process leaves of its disk.
enum class Death { kProcess, kPower };

class SchedulerHost {
 public:
  struct Parts {
    Timeline& timeline;
    Faults& faults;
    Ledger& ledger;
    Bus& bus;
    Dice dice;
    /// For what the store keeps beside its rows; emptied.
    std::filesystem::path folder;
  };
  explicit SchedulerHost(Parts parts);
  ~SchedulerHost();

  void start();
  [[nodiscard]] bool is_up() const { return process_ != nullptr; }

  /// As engine::Engine::post(): refused at once when nobody is there.
  void post(core::Command command, engine::OnOutcome on_outcome);
  void receive(const std::string& worker, std::string frame);

  /// The process dies between two turns.
  void die(Death death);
  /// It dies in its next commit, or releasing what that commit allows.
  void die_in_commit(Death death);
  void die_in_release(Death death);
  /// An orderly restart, with everything in memory held against the disk before.
  void restart();
  void jump_clock(Milliseconds by);

  /// Memory equals what a recovery would read; the whole history folds to the rows.
  void check_memory() const;
  void check_store() const;
  [[nodiscard]] const store::Store& store() const;
  [[nodiscard]] std::uint64_t starts() const { return starts_; }

 private:
  struct Process;

  [[nodiscard]] engine::Outlets outlets();
  [[nodiscard]] std::unique_ptr<workers::Control> make_control(std::uint64_t epoch,
                                                               std::uint64_t fence);
  void open_store();
  void schedule_turn(Milliseconds pause);
  void turn();
  void wake_up_at_deadline();
  void keep_time();
  void pump();
  /// A point of the release at which the process may die.
  void pass_release_point();
  void take_image(Death death);
  /// A worker is called silent only when it was.
  void check_silence(const core::ReportSilence& report) const;
  [[nodiscard]] std::string read_mark() const;
  void bury();
  void start_after_a_while();
  [[nodiscard]] Timestamp wall_time() const { return clocks_.wall_time(parts_.timeline.now()); }

  Parts parts_;
  Clocks clocks_;
  workers::Settings settings_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<MemoryDisk> image_;  ///< What the dying process left.
  std::map<std::string, Milliseconds> last_heard_;
  std::string image_mark_;  ///< The high-water mark beside the rows.
  std::string mark_at_start_;
  std::unique_ptr<Process> process_;
  std::uint64_t starts_ = 0;
};

}  // namespace sheaf::sim
