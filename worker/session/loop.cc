#include "worker/session/loop.h"

#include <csignal>
#include <utility>

#include "common/base/failpoint.h"
#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "common/telemetry/log.h"
#include "worker/session/outcomes.h"

namespace sheaf::session {
namespace {

constexpr std::size_t kMaxReports = 10'000;
constexpr std::size_t kMaxUnsent = 10'000;
constexpr std::size_t kPreparingThreads = 2;
/// How long survivors of a dead shim are hunted before the attempt is reported with its tree alive.
constexpr Milliseconds kSurvivorPatience{10'000};

}  // namespace

Session::Loop::Loop(SessionSettings settings,
                    os::FileDescriptor lock,
                    runner::Runner runner,
                    AttemptFiles files,
                    std::unique_ptr<environments::Preparer> preparer,
                    std::shared_ptr<transport::Wakeup> wakeup,
                    transport::Dealer dealer)
    : settings_(std::move(settings)),
      lock_(std::move(lock)),
      runner_(std::move(runner)),
      files_(std::move(files)),
      wakeup_(std::move(wakeup)),
      prepared_(wakeup_, kMaxReports),
      shipped_(wakeup_, kMaxReports),
      dealer_(std::move(dealer)),
      poller_(wakeup_),
      agent_(settings_.slots),
      preparer_(std::move(preparer)),
      preparing_(std::make_unique<Preparing>(*preparer_, prepared_, kPreparingThreads)),
      high_water_(files_.high_water()) {
  poller_.add(dealer_);
  last_received_ = os::boot_time();
}

Session::Loop::~Loop() = default;

Result<void> Session::Loop::start_logs() {
  auto started = logs::LogShipper::start(
      {.connection = {.endpoint = settings_.log_endpoint,
                      .server_public_key = settings_.server_public_key,
                      .keys = settings_.keys},
       .resend_after = settings_.resend_after,
       .on_shipped = [this](AttemptId attempt) {
         if (!shipped_.push(attempt)) {
           telemetry::log(telemetry::Level::kError, "too many log reports wait");
         }
       }});
  if (!started) {
    return fail(started.error());
  }
  logs_ = std::move(*started);
  return {};
}

Result<void> Session::Loop::recover() {
  auto leases = files_.leases();
  if (!leases) {
    return fail(leases.error());
  }
  for (const wire::Lease& lease : *leases) {
    if (auto recovered = recover_attempt(lease); !recovered) {
      return fail(recovered.error(), "attempt " + to_string(lease.spec.attempt));
    }
  }
  return {};
}

Result<void> Session::Loop::recover_attempt(const wire::Lease& lease) {
  const AttemptId id = lease.spec.attempt;
  agent::Attempt attempt{.spec = lease.spec, .token = lease.token};
  auto outcome = files_.outcome(id);
  if (!outcome) {
    return fail(outcome.error());
  }
  const auto report_end = [&](EndedAttempt ended) {
    attempt.phase = agent::Phase::kReporting;
    attempt.outcome = std::move(ended.outcome);
    attempt.values = std::move(ended.values);
    attempt.are_values_acknowledged = attempt.values.empty();
    agent_.recover(std::move(attempt));
    logs_->finish(id, runner_.folder(id).path);
  };
  if (*outcome) {
    report_end({.outcome = (*outcome)->outcome});
    return {};
  }
  auto inspection = runner_.settle(id, kSurvivorPatience);
  if (!inspection && inspection.error().code != ErrorCode::kNotFound) {
    return fail(inspection.error());
  }
  if (!inspection || inspection->state == runner::AttemptState::kNeverRan) {
    // Leased, never launched: nothing of it ran, so it is prepared as if it had just come.
    if (auto removed = runner_.remove(id); !removed) {
      return fail(removed.error());
    }
    unprepared_.push_back(id);
    agent_.recover(std::move(attempt));
    return {};
  }
  if (inspection->state != runner::AttemptState::kRunning) {
    report_end(read_end(runner_.folder(id), *inspection));
    return {};
  }
  attempt.phase = agent::Phase::kRunning;
  attempt.started = inspection->start->started;
  agent_.recover(std::move(attempt));
  watch(id, {.process = std::move(inspection->shim), .started = {}});
  logs_->add(id, runner_.folder(id).path);
  return {};
}

void Session::Loop::watch(AttemptId attempt, Watched watched) {
  poller_.add(watched.process.get());
  if (watched.started.is_open()) {
    poller_.add(watched.started.get());
  }
  watched_.insert_or_assign(attempt, std::move(watched));
}

void Session::Loop::unwatch(AttemptId attempt) {
  const auto found = watched_.find(attempt);
  if (found == watched_.end()) {
    return;
  }
  poller_.remove(found->second.process.get());
  if (found->second.started.is_open()) {
    poller_.remove(found->second.started.get());
  }
  watched_.erase(found);
}

Result<void> Session::Loop::run() {
  while (!is_stopping_.load()) {
    turn();
    if (settings_.on_turn) {
      settings_.on_turn();
    }
    poller_.wait(wait_time());
  }
  return {};
}

void Session::Loop::stop() {
  is_stopping_.store(true);
  wakeup_->set();
}

void Session::Loop::turn() {
  receive();
  take_reports();
  look_at_shims();
  keep_in_touch();
  say_owed();
  flush();
}

Milliseconds Session::Loop::wait_time() const {
  if (!has_session_) {
    return settings_.register_again_after;
  }
  return agent_.has_unanswered() ? std::min(settings_.resend_after, heartbeat_interval_)
                                 : heartbeat_interval_;
}

void Session::Loop::receive() {
  while (const auto bytes = dealer_.receive()) {
    failpoint::reach("session.after_receive");
    const auto frame = wire::decode_scheduler_frame(*bytes);
    if (!frame) {
      telemetry::log(telemetry::Level::kWarning, "a frame was dropped: " + frame.error().message);
      continue;
    }
    last_received_ = os::boot_time();
    for (const wire::SchedulerMessage& message : frame->messages) {
      obey(frame->header, message);
    }
  }
}

void Session::Loop::obey(const wire::FrameHeader& header, const wire::SchedulerMessage& message) {
  const Milliseconds now = os::boot_time();
  if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
    begin_session(*welcome);
    return;
  }
  if (const auto* refused = std::get_if<wire::Refused>(&message)) {
    has_session_ = false;
    telemetry::log(telemetry::Level::kError,
                   "the scheduler refused this worker: " + refused->reason);
    return;
  }
  const bool is_current =
      has_session_ && header.epoch == header_.epoch && header.session == header_.session;
  if (std::holds_alternative<wire::RegisterAgain>(message)) {
    if (has_session_) {
      has_session_ = false;
      last_register_ = Milliseconds{0};
    }
    return;
  }
  if (!is_current) {
    return;  // An order of an earlier session or epoch: never obeyed.
  }
  if (const auto* lease = std::get_if<wire::Lease>(&message)) {
    perform(agent_.lease(*lease, now));
  } else if (const auto* order = std::get_if<wire::Cancel>(&message)) {
    perform(agent_.cancel(*order, now));
  } else if (const auto* started = std::get_if<wire::StartedAck>(&message)) {
    agent_.start_acknowledged(*started);
  } else if (const auto* values = std::get_if<wire::ValuesAck>(&message)) {
    perform(agent_.values_acknowledged(*values, now));
  } else if (const auto* result = std::get_if<wire::ResultAck>(&message)) {
    perform(agent_.result_acknowledged(*result));
  } else if (std::holds_alternative<wire::Drain>(message)) {
    agent_.drain();
  }
}

void Session::Loop::begin_session(const wire::Welcome& message) {
  if (message.epoch < high_water_.epoch) {
    telemetry::log(telemetry::Level::kError, "a scheduler with an older epoch was ignored");
    return;
  }
  header_ = {.version = message.version, .epoch = message.epoch, .session = message.session};
  has_session_ = true;
  heartbeat_interval_ = message.heartbeat_interval;
  http_base_url_ = message.http_base_url;
  high_water_.epoch = message.epoch;
  if (auto stored = files_.store_high_water(high_water_); !stored) {
    telemetry::log(telemetry::Level::kWarning, stored.error().message);
  }
  telemetry::log(telemetry::Level::kInfo,
                 "session " + std::to_string(message.session) + " of epoch " +
                     std::to_string(message.epoch) + " begins");
  perform(agent_.welcome(message, os::boot_time()));
  for (const AttemptId attempt : std::exchange(unprepared_, {})) {
    if (agent_.find(attempt) != nullptr) {
      static_cast<void>(act(agent::Prepare{attempt}));
    }
  }
  if (!std::exchange(is_ready_, true) && settings_.on_ready) {
    settings_.on_ready();
  }
}

void Session::Loop::take_reports() {
  for (PreparedReport& report : prepared_.take()) {
    take_prepared(std::move(report));
  }
  for (const AttemptId attempt : shipped_.take()) {
    perform(agent_.report_logs_shipped(attempt));
  }
}

void Session::Loop::take_prepared(PreparedReport report) {
  const AttemptId id = report.attempt;
  if (!report.prepared) {
    perform(agent_.report_not_started(id, report.prepared.error().message, os::boot_time()));
    return;
  }
  if (agent_.report_prepared(id)) {
    launch(id, std::move(*report.prepared));
  }
}

void Session::Loop::launch(AttemptId id, environments::PreparedAttempt prepared) {
  const agent::Attempt& attempt = *agent_.find(id);
  failpoint::reach("runner.before_spawn");
  auto shim = runner_.launch({.attempt = id,
                              .argv = std::move(prepared.argv),
                              .env = std::move(prepared.env),
                              .working_folder = prepared.working_folder,
                              .timeout = attempt.spec.timeout});
  if (!shim) {
    perform(agent_.report_not_started(id, shim.error().message, os::boot_time()));
    return;
  }
  failpoint::reach("runner.after_spawn");
  warnings_[id] = std::move(prepared.warnings);
  watch(id, {.process = std::move(shim->process), .started = std::move(shim->started)});
  logs_->add(id, runner_.folder(id).path);
  if (attempt.is_stop_requested) {
    static_cast<void>(act(agent::StopProcess{id}));
  }
}

void Session::Loop::look_at_shims() {
  std::vector<AttemptId> attempts;
  attempts.reserve(watched_.size());
  for (const auto& [attempt, watched] : watched_) {
    attempts.push_back(attempt);
  }
  for (const AttemptId attempt : attempts) {
    look_at_shim(attempt);
  }
}

void Session::Loop::look_at_shim(AttemptId attempt) {
  Watched& watched = watched_.at(attempt);
  if (watched.started.is_open() && os::is_readable(watched.started.get())) {
    poller_.remove(watched.started.get());
    watched.started.close();
    const auto inspection = runner_.inspect(attempt);
    if (inspection && inspection->start) {
      perform(agent_.report_started(attempt, inspection->start->started, os::boot_time()));
    }
  }
  if (os::is_readable(watched.process.get())) {
    static_cast<void>(os::reap(watched.process));
    unwatch(attempt);
    end_attempt(attempt);
  }
}

void Session::Loop::end_attempt(AttemptId attempt) {
  auto inspection = runner_.settle(attempt, kSurvivorPatience);
  EndedAttempt ended;
  bool is_recorded = false;
  if (!inspection) {
    ended.outcome = {.end = model::AttemptEnd::kLost, .message = inspection.error().message};
  } else if (inspection->state == runner::AttemptState::kNeverRan) {
    perform(
        agent_.report_not_started(attempt, "its supervisor could not start it", os::boot_time()));
    return;
  } else {
    if (inspection->start) {
      perform(agent_.report_started(attempt, inspection->start->started, os::boot_time()));
    }
    ended = read_end(runner_.folder(attempt), *inspection);
    is_recorded = inspection->state == runner::AttemptState::kFinished;
  }
  if (const auto warnings = warnings_.extract(attempt); !warnings.empty()) {
    ended.outcome.warnings.insert(
        ended.outcome.warnings.begin(), warnings.mapped().begin(), warnings.mapped().end());
  }
  failpoint::reach("session.before_result");
  perform(agent_.report_ended(
      attempt, std::move(ended.outcome), std::move(ended.values), is_recorded, os::boot_time()));
}

void Session::Loop::keep_in_touch() {
  const Milliseconds now = os::boot_time();
  if (!has_session_) {
    if (now - last_register_ >= settings_.register_again_after) {
      register_worker();
    }
    return;
  }
  if (now - last_sent_ >= heartbeat_interval_) {
    static_cast<void>(act(agent::Say{wire::Heartbeat{.attempts = agent_.active_count()}}));
  }
  if (now - last_received_ >= 3 * heartbeat_interval_) {
    has_session_ = false;
    last_register_ = Milliseconds{0};
  }
}

void Session::Loop::register_worker() {
  const Milliseconds now = os::boot_time();
  if (now - last_received_ >= 3 * settings_.register_again_after && last_register_.count() > 0) {
    // A connection whose key was refused once never comes back by itself.
    static_cast<void>(dealer_.reopen());
    last_received_ = now;
  }
  last_register_ = now;
  wire::FrameHeader header;
  const auto message = wire::encode_message(
      wire::WorkerMessage{wire::Register{.name = settings_.name,
                                         .boot_id = runner_.boot_id(),
                                         .agent_version = settings_.version,
                                         .slots = settings_.slots,
                                         .labels = settings_.labels,
                                         .attempts = agent_.held(),
                                         .highest_epoch = high_water_.epoch,
                                         .highest_fence = agent_.highest_fence()}});
  if (!message) {
    telemetry::log(telemetry::Level::kError, "cannot register: " + message.error().message);
    return;
  }
  for (const std::string& frame : wire::make_frames(wire::FrameKind::kWorker, header, {*message})) {
    static_cast<void>(dealer_.send(frame));
  }
}

void Session::Loop::say_owed() {
  const Milliseconds now = os::boot_time();
  if (has_session_ && now - last_owed_ >= settings_.resend_after / 2) {
    last_owed_ = now;
    perform(agent_.owed(now, settings_.resend_after));
  }
}

void Session::Loop::perform(const agent::Actions& actions) {
  for (const agent::Action& action : actions) {
    if (!perform_one(action)) {
      return;
    }
  }
}

bool Session::Loop::perform_one(const agent::Action& action) {
  return std::visit([this](const auto& known) { return act(known); }, action);
}

bool Session::Loop::act(const agent::Say& action) {
  // Without a session nobody listens: WELCOME makes the agent say again what it owes.
  if (!has_session_ || unsent_.size() >= kMaxUnsent) {
    return true;
  }
  auto encoded = wire::encode_message(action.message);
  if (!encoded) {
    telemetry::log(telemetry::Level::kError,
                   "a message cannot be sent: " + encoded.error().message);
    return true;
  }
  unsent_.push_back(std::move(*encoded));
  return true;
}

bool Session::Loop::act(const agent::StoreLease& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  auto stored = files_.store_lease({.spec = attempt.spec, .token = attempt.token});
  if (stored) {
    return true;
  }
  perform(agent_.report_lease_not_stored(action.attempt, stored.error().message));
  return false;
}

bool Session::Loop::act(const agent::Prepare& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  preparing_->submit({.spec = attempt.spec,
                      .token = attempt.token,
                      .http_base_url = http_base_url_,
                      .scratch_folder = runner_.folder(action.attempt).path});
  return true;
}

bool Session::Loop::act(const agent::StopProcess& action) {
  const auto stopped = runner_.request_stop(action.attempt);
  if (stopped) {
    return true;
  }
  // Launched, but without a start record yet: the shim itself takes the signal.
  const auto watched = watched_.find(action.attempt);
  if (watched != watched_.end()) {
    static_cast<void>(os::send_signal(watched->second.process, SIGTERM));
  }
  return true;
}

bool Session::Loop::act(const agent::StopPreparing& action) {
  preparing_->cancel(action.attempt);
  return true;
}

bool Session::Loop::act(const agent::StoreOutcome& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  auto stored = files_.store_outcome(
      {.attempt = action.attempt, .fence = attempt.spec.fence, .outcome = attempt.outcome});
  if (!stored) {
    telemetry::log(telemetry::Level::kError, stored.error().message);
  }
  return true;
}

bool Session::Loop::act(const agent::FinishLogs& action) {
  logs_->finish(action.attempt, runner_.folder(action.attempt).path);
  return true;
}

bool Session::Loop::act(const agent::Forget& action) {
  failpoint::reach("runner.before_forget");
  logs_->remove(action.attempt);
  unwatch(action.attempt);
  warnings_.erase(action.attempt);
  // First the folder, then the lease: a crash in between reports once more, and is told to forget.
  for (const auto& removed : {runner_.remove(action.attempt), files_.remove(action.attempt)}) {
    if (!removed) {
      telemetry::log(telemetry::Level::kWarning, removed.error().message);
    }
  }
  return true;
}

void Session::Loop::flush() {
  if (!has_session_ || unsent_.empty()) {
    unsent_.clear();
    return;
  }
  for (const std::string& frame :
       wire::make_frames(wire::FrameKind::kWorker, header_, std::exchange(unsent_, {}))) {
    failpoint::reach("session.before_send");
    if (dealer_.send(frame)) {
      last_sent_ = os::boot_time();
    }
  }
}

}  // namespace sheaf::session
