// The control conversation, without I/O: sessions, orders, reports, acknowledgements and silence.
// ControlThread gives it sockets and clocks, the simulator a bus and a timeline.
//
// A report is acknowledged only after the commit that records it; an order is repeated until it is
// answered. A frame is taken only in a session of this epoch whose worker is the one that the
// frame's key is enrolled for; anything else is answered with REGISTER_AGAIN.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/guarded.h"
#include "common/transport/router.h"
#include "common/wire/frame.h"
#include "scheduler/engine/engine.h"
#include "scheduler/workers/attempt_owners.h"
#include "scheduler/workers/mail.h"
#include "scheduler/workers/presence.h"
#include "scheduler/workers/session.h"
#include "scheduler/workers/settings.h"
#include "scheduler/workers/silence.h"

namespace sheaf::workers {

/// Threads: one.
class Control {
 public:
  /// What it hears and says; all outlive it.
  struct Parts {
    const Settings& settings;
    AttemptOwners& owners;
    Guarded<std::vector<WorkerPresence>>& presence;
    std::shared_ptr<Mail> mail;
    /// As engine::Engine::post().
    std::function<void(core::Command, engine::OnOutcome)> post;
    /// As transport::Router::send().
    std::function<Result<void>(const std::string& connection, std::string_view frame)> send;
    std::function<Milliseconds()> boot_time;
    std::function<Timestamp()> wall_time;
  };
  /// Where this start of the scheduler begins.
  struct Beginning {
    std::uint64_t epoch = 0;
    std::uint64_t fence = 0;  ///< The number of the last committed batch.
    std::vector<core::WorkerRecord> workers;
  };

  Control(Parts parts, Beginning beginning);

  /// Takes what other threads handed over.
  void take_letters();
  void receive(const transport::Received& received);
  /// Judges silence and repeats orders. Returns when to call again, on the boot clock.
  Milliseconds keep_time();
  /// Sends what waits.
  void flush();

 private:
  // Letters.
  void take(const core::StartAttempt& order);
  void take(const core::StopAttempt& order);
  void take(const Registered& registered);
  void take(const Acknowledged& acknowledged);
  void take(const RejectionRecorded& rejection);
  void take(const SilenceUnreported& unreported);
  void welcome(const Registration& registration, const core::RegisterReply& reply);

  // Frames.
  void receive_in_session(Session& session, const wire::WorkerMessage& message);
  void receive_register(const transport::Received& received, const wire::Register& message);
  void receive_values(Session& session, const wire::Values& part);
  void receive_result(Session& session, const wire::ResultReport& message);
  void receive_rejected(Session& session, const wire::Rejected& message);
  [[nodiscard]] std::string find_refusal(const std::string& user,
                                         const wire::Register& message) const;
  void report(core::Command command, std::uint64_t session, wire::SchedulerMessage ack);

  // Time and sending.
  void report_silence(const core::ReportSilence& report);
  void end_session(WorkerId worker);
  void end_all_sessions();
  void show_presence();
  void send(const std::string& connection, std::string_view frame);
  void send_alone(const std::string& connection, const wire::SchedulerMessage& message);
  [[nodiscard]] Session* find_session(std::uint64_t session);
  [[nodiscard]] Session* find_session_of(WorkerId worker);
  void tell(Session& session, const wire::SchedulerMessage& message);

  Parts parts_;
  std::uint64_t epoch_;
  std::uint64_t highest_fence_;
  SilenceWatch silence_;
  Milliseconds tick_;
  std::uint64_t next_session_;
  std::map<std::string, std::uint64_t> latest_registration_;  ///< By worker name.
  std::map<std::uint64_t, Session> sessions_;
  std::map<WorkerId, std::uint64_t> session_of_worker_;
  std::map<WorkerId, std::string> names_;
  std::set<std::uint64_t> unsent_;  ///< Sessions that have something to send.
};

}  // namespace sheaf::workers
