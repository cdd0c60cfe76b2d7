// The loop behind Session. Internal to worker/session.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "common/os/file.h"
#include "common/transport/dealer.h"
#include "common/transport/mailbox.h"
#include "common/transport/poller.h"
#include "common/wire/frame.h"
#include "worker/core/agent.h"
#include "worker/environments/preparer.h"
#include "worker/logs/log_shipper.h"
#include "worker/session/attempt_files.h"
#include "worker/session/outcomes.h"
#include "worker/session/preparing.h"
#include "worker/session/session.h"
#include "worker/session/stream_outcomes.h"

namespace sheaf::session {

class Session::Loop {
 public:
  Loop(SessionSettings settings,
       os::FileDescriptor lock,
       runner::Runner runner,
       AttemptFiles files,
       std::unique_ptr<environments::Preparer> preparer,
       std::shared_ptr<transport::Wakeup> wakeup,
       transport::Dealer dealer);
  ~Loop();

  /// Takes up what the disk says of earlier attempts. Before run().
  [[nodiscard]] Result<void> recover();
  [[nodiscard]] Result<void> start_logs();
  void run();
  void stop();

 private:
  /// A shim that this loop watches.
  struct Watched {
    os::FileDescriptor process;  ///< pidfd; readable at its end.
    os::FileDescriptor started;  ///< Pipe of a shim just launched; closed once it spoke.
  };

  /// A stream whose outcomes this loop reads.
  struct Stream {
    StreamOutcomes outcomes;
    Milliseconds last_read{0};
  };
  /// Between two looks at what a stream has written.
  static constexpr Milliseconds kStreamPause{50};

  [[nodiscard]] Result<void> recover_attempt(const wire::Lease& lease);
  /// Forgets an attempt of which only the id is known. Fails while something of it may run: nobody
  /// may guess what.
  [[nodiscard]] Result<void> drop_damaged(const AttemptFiles::DamagedLease& damaged);
  void watch(AttemptId attempt, Watched watched);
  void unwatch(AttemptId attempt);

  void turn();
  void receive();
  /// Whether the frame is of no session, or of this one and news.
  [[nodiscard]] bool takes(const wire::FrameHeader& header);
  void obey(const wire::FrameHeader& header, const wire::SchedulerMessage& message);
  void begin_session(const wire::Welcome& message);
  void take_reports();
  void take_prepared(PreparedReport report);
  void look_at_shims();
  void look_at_shim(AttemptId attempt);
  void end_attempt(AttemptId attempt);
  /// Whether an attempt that cannot be inspected is one whose records are gone for good.
  [[nodiscard]] bool has_lost_records(AttemptId attempt, ErrorCode code) const;
  /// Ends what is left of it, and says that it is lost.
  [[nodiscard]] EndedAttempt end_without_records(AttemptId attempt, const Error& error);
  void follow_streams();
  [[nodiscard]] Stream& find_stream(AttemptId attempt);
  void keep_notes(AttemptId attempt, Stream& stream);
  void keep_in_touch();
  void register_worker();
  void say_owed();
  void keep_high_water();
  void store_high_water();
  [[nodiscard]] Milliseconds register_wait() const;
  [[nodiscard]] Milliseconds wait_time() const;

  void perform(const agent::Actions& actions);
  bool perform_one(const agent::Action& action);
  bool act(const agent::Say& action);
  void refuse_unsendable(const wire::WorkerMessage& message, const Error& error);
  bool act(const agent::StoreLease& action);
  bool act(const agent::Prepare& action);
  bool act(const agent::StopProcess& action);
  bool act(const agent::StopPreparing& action);
  bool act(const agent::StoreOutcome& action);
  bool act(const agent::FinishLogs& action);
  bool act(const agent::Forget& action);
  void launch(AttemptId attempt, environments::PreparedAttempt prepared);
  void flush();

  SessionSettings settings_;
  os::FileDescriptor lock_;
  runner::Runner runner_;
  AttemptFiles files_;
  std::shared_ptr<transport::Wakeup> wakeup_;
  transport::Mailbox<PreparedReport> prepared_;
  transport::Mailbox<AttemptId> shipped_;
  transport::Dealer dealer_;
  transport::Poller poller_;
  agent::Agent agent_;
  std::unique_ptr<environments::Preparer> preparer_;
  std::unique_ptr<Preparing> preparing_;
  std::unique_ptr<logs::LogShipper> logs_;
  std::map<AttemptId, Watched> watched_;
  std::map<AttemptId, std::vector<std::string>> warnings_;
  std::map<AttemptId, Stream> streams_;
  /// Attempts to prepare as soon as the scheduler's address is known.
  std::vector<AttemptId> unprepared_;

  wire::FrameHeader header_;
  wire::FrameOrder received_;  ///< Of the session.
  bool has_session_ = false;
  bool is_ready_ = false;
  bool is_connecting_ = false;
  std::string http_base_url_;
  AttemptFiles::HighWater high_water_;
  AttemptFiles::HighWater stored_high_water_;
  Milliseconds last_stored_{0};  ///< When the latter was.
  Milliseconds heartbeat_interval_{5'000};
  Milliseconds last_sent_{0};
  Milliseconds last_received_{0};
  Milliseconds last_register_{0};
  Milliseconds register_pause_{0};  ///< After the last REGISTER; grows until a WELCOME.
  bool has_told_silence_ = false;   ///< That the scheduler does not answer, since the last session.
  Milliseconds last_owed_{0};
  std::vector<std::string> unsent_;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace sheaf::session
