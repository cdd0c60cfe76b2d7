// The control thread: sessions, orders, reports, acknowledgements and silence.
//
// A report is acknowledged only after the commit that records it; an order is repeated until it is
// answered. A frame is taken only in a session of this epoch whose worker is the one that the
// frame's key is enrolled for; anything else is answered with REGISTER_AGAIN.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "common/base/guarded.h"
#include "common/transport/poller.h"
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

/// Threads: run() is the control thread; constructed before it begins.
class Control {
 public:
  /// What the control thread uses; all outlive it.
  struct Parts {
    const Settings& settings;
    engine::Engine& engine;
    AttemptOwners& owners;
    Guarded<std::vector<WorkerPresence>>& presence;
    std::shared_ptr<Mail> mail;
    std::shared_ptr<transport::Wakeup> wakeup;
  };
  /// Where this start of the scheduler begins.
  struct Beginning {
    std::uint64_t epoch = 0;
    std::uint64_t fence = 0;  ///< The number of the last committed batch.
    std::vector<core::WorkerRecord> workers;
  };

  Control(Parts parts, Beginning beginning, transport::Router router);

  void run(const std::stop_token& stop);

 private:
  // Letters.
  void take(const core::StartAttempt& order);
  void take(const core::StopAttempt& order);
  void take(const Registered& registered);
  void take(const Acknowledged& acknowledged);
  void take(const RejectionRecorded& rejection);
  void take(const SilenceUnreported& unreported);
  void take_letters();
  void welcome(const Registration& registration, const core::RegisterReply& reply);

  // Frames.
  void receive_frames();
  void receive(const transport::Received& received);
  void receive_in_session(Session& session, const wire::WorkerMessage& message);
  void receive_register(const transport::Received& received, const wire::Register& message);
  void receive_values(Session& session, const wire::Values& part);
  void receive_result(Session& session, const wire::ResultReport& message);
  void receive_rejected(Session& session, const wire::Rejected& message);
  [[nodiscard]] std::string find_refusal(const std::string& user,
                                         const wire::Register& message) const;
  void report(core::Command command, std::uint64_t session, wire::SchedulerMessage ack);

  // Time and sending.
  void keep_time(Milliseconds now);
  void report_silence(const core::ReportSilence& report);
  void end_session(WorkerId worker);
  void end_all_sessions();
  void show_presence();
  void flush();
  void send(const std::string& connection, std::string_view frame);
  void send_alone(const std::string& connection, const wire::SchedulerMessage& message);
  [[nodiscard]] Session* find_session(std::uint64_t session);
  [[nodiscard]] Session* find_session_of(WorkerId worker);
  void tell(Session& session, const wire::SchedulerMessage& message);

  Parts parts_;
  std::uint64_t epoch_;
  std::uint64_t highest_fence_;
  transport::Router router_;
  SilenceWatch silence_;
  Milliseconds tick_;
  Milliseconds next_tick_{0};
  std::uint64_t next_session_;
  std::map<std::string, std::uint64_t> latest_registration_;  ///< By worker name.
  std::map<std::uint64_t, Session> sessions_;
  std::map<WorkerId, std::uint64_t> session_of_worker_;
  std::map<WorkerId, std::string> names_;
  std::set<std::uint64_t> unsent_;  ///< Sessions that have something to send.
};

}  // namespace sheaf::workers
