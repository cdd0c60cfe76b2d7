// A worker's machine: its disk, its clocks, the processes that run on it, and one agent process
// after another. The agent's decisions are the real ones (worker/core); what worker/session,
// worker/runner and the shim do around them is modelled here after docs/protocol.md and
// worker/shim/README.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/frame.h"
#include "tests/sim/bus.h"
#include "tests/sim/faults.h"
#include "tests/sim/ledger.h"
#include "tests/sim/stream_script.h"
#include "tests/sim/timeline.h"
#include "tests/sim/truth.h"

namespace sheaf::sim {

/// Written data reaches the disk by itself after so long.
inline constexpr std::chrono::seconds kWriteBack{30};

/// A record on a disk that may lose what was not synced.
struct Written {
  Milliseconds at{0};
  bool is_synced = false;
};

/// What a machine's disk holds of an attempt. An absent optional is a missing file.
struct AttemptRecords {
  struct Start {
    Written written;
    int boot = 0;
    Timestamp started;
  };
  struct Exit {
    Written written;
    model::AttemptOutcome outcome;
    std::vector<model::TaskValue> values;
  };
  std::optional<wire::Lease> lease;
  Written lease_written;
  std::optional<model::AttemptOutcome> outcome;  ///< As the agent stored it.
  Written outcome_written;
  bool is_launched = false;
  std::optional<Start> start;
  std::optional<Exit> exit;
  /// What the process of a stream wrote; never synced.
  struct WrittenLine {
    StreamLine line;
    Milliseconds at{0};
  };
  std::vector<WrittenLine> stream_output;
  std::size_t stream_writer = 0;  ///< Of Truth.
};

/// How a process will behave, drawn when it is launched.
struct Plan {
  enum class End { kSucceeds, kFails, kIsKilled, kHangs };
  End end = End::kSucceeds;
  Milliseconds start_delay{0};
  Milliseconds length{0};
  Milliseconds tree_delay{0};  ///< From the end of the main process to the end of its tree.
  Milliseconds stop_delay{0};  ///< From the order to stop to the end of the tree.
  bool has_values = false;
  int exit_code = 0;           ///< Of what fails.
  bool out_of_memory = false;  ///< What is killed is killed at its memory limit.
};

class AgentHost;

class Machine {
 public:
  struct Parts {
    Timeline& timeline;
    Faults& faults;
    Truth& truth;
    Ledger& ledger;
    Bus& bus;
    Dice dice;
  };
  /// A well-equipped machine can hold whatever a task of the workload may ask for.
  enum class Equipment { kRandom, kEverything };
  Machine(Parts parts, std::string name, Equipment equipment);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void receive(const std::string& frame);

  void start_agent();
  void kill_agent();
  void kill_agent_between_actions();
  /// Every process dies; the disk keeps everything, or what was synced.
  enum class Reboot { kOrderly, kPowerLost };
  void reboot(Reboot kind);
  /// Kills the supervisor of a running attempt; false when there is none.
  bool kill_a_shim();
  void jump_clock(Milliseconds by) { clocks_.wall_offset += by; }

  // ---- For the agent.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }
  [[nodiscard]] const model::WorkerResources& resources() const { return resources_; }
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }
  [[nodiscard]] std::string boot_id() const { return name_ + "-" + std::to_string(boot_); }
  [[nodiscard]] int boot() const { return boot_; }
  [[nodiscard]] Parts& parts() { return parts_; }
  [[nodiscard]] Milliseconds boot_time() const { return clocks_.boot_time(parts_.timeline.now()); }
  [[nodiscard]] std::map<AttemptId, AttemptRecords>& disk() { return disk_; }
  [[nodiscard]] std::uint64_t& highest_epoch() { return highest_epoch_; }
  [[nodiscard]] Written write(bool is_synced) const {
    return {.at = parts_.timeline.now(), .is_synced = is_synced};
  }

  void launch(const model::AttemptSpec& spec);
  /// Asks the supervisor to end the attempt.
  void request_stop(AttemptId attempt);
  enum class Standing { kRunning, kEnded, kShimDied, kUnknown };
  [[nodiscard]] Standing standing(AttemptId attempt) const;
  /// Hunts what a dead supervisor left behind; true when nothing of it lives.
  bool end_survivors(AttemptId attempt);

 private:
  /// A supervisor and what it supervises.
  struct Shim {
    model::AttemptSpec spec;
    Plan plan;
    bool is_alive = true;
    bool is_stopping = false;
    bool has_started = false;
    std::size_t process = 0;  ///< Of Truth; once has_started.
    std::uint64_t generation = 0;
  };

  [[nodiscard]] Plan draw_plan(const model::AttemptSpec& spec);
  void begin(AttemptId attempt, std::uint64_t generation);
  void begin_stream(const Shim& shim);
  /// Process `number` of Truth writes the line, if it can still.
  void write_line(AttemptId attempt, std::size_t number, const StreamLine& line);
  void lose_lines(AttemptRecords& records);
  void exit_main(AttemptId attempt, std::uint64_t generation, model::AttemptOutcome outcome);
  void finish(AttemptId attempt, model::AttemptOutcome outcome);
  [[nodiscard]] Shim* find_shim(AttemptId attempt, std::uint64_t generation);
  void tell_agent(AttemptId attempt);
  void lose_unsynced();
  [[nodiscard]] bool is_lost(const Written& written);
  void revive_agent();

  Parts parts_;
  std::string name_;
  std::uint32_t slots_;
  model::WorkerResources resources_;
  std::vector<std::string> labels_;
  Clocks clocks_;
  int boot_ = 1;
  std::uint64_t highest_epoch_ = 0;
  std::map<AttemptId, AttemptRecords> disk_;
  std::map<AttemptId, Shim> shims_;
  std::uint64_t next_generation_ = 1;
  std::unique_ptr<AgentHost> agent_;
};

}  // namespace sheaf::sim
