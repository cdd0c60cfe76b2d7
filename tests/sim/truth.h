// What is physically so: which processes live on which machine, and how they ended. Nobody in the
// simulated world sees it; the promises are held against it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/model/attempt.h"
#include "tests/sim/timeline.h"

namespace sheaf::sim {

/// An attempt's process with its whole tree.
struct Process {
  std::string machine;
  RunId run;
  std::string task_key;
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::vector<std::uint32_t> gpus;
  Milliseconds started{0};
  bool is_alive = true;
  /// How its main process ended by itself; set before the tree is gone.
  bool has_exited = false;
  int exit_code = 0;
  std::vector<model::TaskValue> values;
  /// How its main process ended, by itself or at its timeout.
  std::optional<model::AttemptEnd> end;

  // Of a stream.
  std::vector<model::StreamInput> stream;              ///< What it was given.
  bool is_ready = false;                               ///< It has said so.
  std::map<std::uint32_t, model::StreamOutcome> said;  ///< First outcomes, by index.
};

class Truth {
 public:
  /// The process's number.
  std::size_t start(Process process) {
    by_attempt_.emplace(process.attempt, processes_.size());
    processes_.push_back(std::move(process));
    return processes_.size() - 1;
  }
  [[nodiscard]] Process& process(std::size_t number) { return processes_[number]; }
  [[nodiscard]] const std::vector<Process>& processes() const { return processes_; }

  /// The machine loses its power.
  void end_all(const std::string& machine) {
    for (Process& process : processes_) {
      process.is_alive = process.is_alive && process.machine != machine;
    }
  }

  /// Every process that there ever was of the attempt.
  [[nodiscard]] std::vector<const Process*> of(AttemptId attempt) const {
    std::vector<const Process*> found;
    const auto [begin, end] = by_attempt_.equal_range(attempt);
    for (auto entry = begin; entry != end; ++entry) {
      found.push_back(&processes_[entry->second]);
    }
    return found;
  }
  [[nodiscard]] bool is_alive(AttemptId attempt) const {
    for (const Process* process : of(attempt)) {
      if (process->is_alive) {
        return true;
      }
    }
    return false;
  }

 private:
  std::vector<Process> processes_;
  std::multimap<AttemptId, std::size_t> by_attempt_;
};

}  // namespace sheaf::sim
