// One process of a worker's agent: the real decisions of worker/core in a thin model of
// worker/session. Keep obey(), keep_in_touch() and recover() to what that folder does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/wire/frame.h"
#include "tests/sim/machine.h"
#include "worker/core/agent.h"

namespace sheaf::sim {

/// Thrown through whatever the agent was doing.
struct AgentDied {};

class AgentHost {
 public:
  /// `machine` outlives the agent.
  explicit AgentHost(Machine& machine);

  /// Takes up what the disk says of earlier attempts, then turns until it is gone.
  void recover();
  void receive(const std::string& frame);
  /// The attempt's supervisor has spoken or is gone.
  void look_at(AttemptId attempt);
  /// Dies before the action after the next `actions`.
  void die_after(std::size_t actions) { actions_to_live_ = actions; }

 private:
  void recover_attempt(AttemptId attempt, AttemptRecords& records);
  void recover_ended(agent::Attempt attempt,
                     model::AttemptOutcome outcome,
                     std::vector<model::TaskValue> values);
  void obey(const wire::FrameHeader& header, const wire::SchedulerMessage& message);
  void obey_outcomes(const wire::OutcomesAck& message);
  void begin_session(const wire::Welcome& message);
  void turn();
  void schedule_turn();
  void keep_in_touch();
  void register_worker();
  void end_attempt(AttemptId attempt);

  void perform(const agent::Actions& actions);
  bool act(const agent::Say& action);
  bool act(const agent::StoreLease& action);
  bool act(const agent::Prepare& action);
  bool act(const agent::StopProcess& action);
  bool act(const agent::StopPreparing& action);
  bool act(const agent::StoreOutcome& action);
  bool act(const agent::FinishLogs& action);
  bool act(const agent::Forget& action);
  void prepared(AttemptId attempt, bool is_ready);
  void ship_logs(AttemptId attempt);
  /// Sends what was said, and reads what streams have written meanwhile.
  void flush();

  // ---- Streams.

  /// How far the output of a stream's process has been read; forgotten with this agent.
  struct StreamCursor {
    explicit StreamCursor(const model::AttemptSpec& spec);
    std::size_t next = 0;
    std::set<std::uint32_t> open;  ///< Indices without an outcome.
    Milliseconds last_read{0};
    bool is_look_due = false;
  };
  /// The next lines, with at most `most` outcomes.
  wire::Outcomes read_stream(const model::AttemptSpec& spec,
                             StreamCursor& cursor,
                             std::size_t most);
  void follow_streams();
  void look_again(AttemptId attempt);
  /// A result is told when all is recorded that the process has written.
  void check_said(const wire::ResultReport& report);
  /// Runs `what` later, unless this process is gone by then.
  void later(Milliseconds pause, std::function<void()> what);

  Machine& machine_;
  agent::Agent agent_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
  std::optional<std::size_t> actions_to_live_;
  std::vector<AttemptId> unprepared_;
  std::map<AttemptId, StreamCursor> cursors_;
  wire::FrameHeader header_;
  wire::FrameOrder received_;
  bool has_session_ = false;
  Milliseconds heartbeat_interval_{5'000};
  Milliseconds last_sent_{0};
  Milliseconds last_received_{0};
  Milliseconds last_register_{0};
  Milliseconds register_pause_{1'000};
  Milliseconds last_owed_{0};
  std::vector<std::string> unsent_;
};

}  // namespace sheaf::sim
