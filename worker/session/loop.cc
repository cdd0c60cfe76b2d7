#include "worker/session/loop.h"

#include <algorithm>
#include <utility>

#include "common/base/failpoint.h"
#include "common/os/clocks.h"
#include "common/telemetry/log.h"

namespace sheaf::session {
namespace {

/// Between tries to send REGISTER while the connection is being made.
constexpr Milliseconds kConnectingWait{20};
constexpr Milliseconds kLongestRegisterPause{15'000};
/// Between two writes of the high-water mark.
constexpr Milliseconds kHighWaterPause{1'000};
constexpr std::size_t kMaxReports = 10'000;
constexpr std::size_t kPreparingThreads = 2;

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
      high_water_(files_.high_water()),
      stored_high_water_(high_water_) {
  poller_.add(dealer_);
  poller_.add(dealer_.events());
  last_received_ = os::boot_time();
}

Session::Loop::~Loop() = default;

Result<void> Session::Loop::start_logs() {
  auto started = logs::LogShipper::start(
      {.connection = {.endpoint = settings_.log_endpoint,
                      .server_public_key = settings_.server_public_key,
                      .keys = settings_.keys},
       .resend_after = settings_.resend_after,
       .epoch = high_water_.epoch,
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

void Session::Loop::run() {
  while (!is_stopping_.load()) {
    turn();
    if (settings_.on_turn) {
      settings_.on_turn();
    }
    poller_.wait(wait_time());
  }
  store_high_water();
}

void Session::Loop::stop() {
  is_stopping_.store(true);
  wakeup_->set();
}

void Session::Loop::turn() {
  receive();
  take_reports();
  look_at_shims();
  follow_streams();
  keep_in_touch();
  say_owed();
  flush();
  keep_high_water();
}

Milliseconds Session::Loop::register_wait() const {
  // A connection under way takes no message yet, and tells nobody when it does.
  const Milliseconds pause = std::max(register_pause_, settings_.register_again_after);
  return is_connecting_ ? std::min(kConnectingWait, pause) : pause;
}

Milliseconds Session::Loop::wait_time() const {
  if (!has_session_) {
    const Milliseconds left = last_register_ + register_wait() - os::boot_time();
    return std::clamp(left, Milliseconds{0}, heartbeat_interval_);
  }
  const Milliseconds wait = agent_.has_unanswered()
                                ? std::min(settings_.resend_after, heartbeat_interval_)
                                : heartbeat_interval_;
  return agent_.open_streams().empty() ? wait : std::min(wait, kStreamPause);
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
    if (!takes(frame->header)) {
      continue;
    }
    for (const wire::SchedulerMessage& message : frame->messages) {
      obey(frame->header, message);
    }
  }
}

bool Session::Loop::takes(const wire::FrameHeader& header) {
  // A LEASE that comes again after its attempt was forgotten would start it anew.
  const bool is_of_session =
      has_session_ && header.epoch == header_.epoch && header.session == header_.session;
  return !is_of_session || received_.take(header.sequence);
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
  } else if (const auto* outcomes = std::get_if<wire::OutcomesAck>(&message)) {
    perform(agent_.outcomes_acknowledged(*outcomes, now));
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
  const bool is_known = message.epoch == header_.epoch && message.session <= header_.session;
  if (is_known && (has_session_ || message.session < header_.session)) {
    return;  // It came again, or after a later one.
  }
  if (!is_known) {
    header_ = {.version = message.version, .epoch = message.epoch, .session = message.session};
    received_ = {};
  }
  has_session_ = true;
  has_told_silence_ = false;
  register_pause_ = Milliseconds{0};
  heartbeat_interval_ = message.heartbeat_interval;
  http_base_url_ = message.http_base_url;
  if (message.epoch > high_water_.epoch) {
    agent_.distrust_logs();
    logs_->begin_epoch(message.epoch);
  }
  high_water_.epoch = message.epoch;
  store_high_water();
  telemetry::log(telemetry::Level::kInfo,
                 "session " + std::to_string(message.session) + " of epoch " +
                     std::to_string(message.epoch) + " begins");
  perform(agent_.welcome(message, os::boot_time()));
  if (!std::ranges::all_of(message.adopt,
                           [this](AttemptId id) { return agent_.find(id) != nullptr; })) {
    // The answer to a REGISTER that came late: what was forgotten since must be told.
    has_session_ = false;
    last_register_ = Milliseconds{0};
    return;
  }
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

void Session::Loop::keep_in_touch() {
  const Milliseconds now = os::boot_time();
  if (dealer_.events().take_connected()) {
    // Maybe to a scheduler that has just started and knows no session: ask before the next timer.
    last_register_ = Milliseconds{0};
    last_sent_ = Milliseconds{0};
  }
  if (!has_session_) {
    if (now - last_register_ >= register_wait()) {
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

void Session::Loop::keep_high_water() {
  if (os::boot_time() - last_stored_ >= kHighWaterPause) {
    store_high_water();
  }
}

void Session::Loop::store_high_water() {
  high_water_.fence = std::max(high_water_.fence, agent_.highest_fence());
  if (high_water_ == stored_high_water_) {
    return;
  }
  last_stored_ = os::boot_time();
  if (auto stored = files_.store_high_water(high_water_); !stored) {
    telemetry::log(telemetry::Level::kWarning, stored.error().message);
    return;
  }
  stored_high_water_ = high_water_;
}

void Session::Loop::register_worker() {
  const Milliseconds now = os::boot_time();
  if (now - last_received_ >= 3 * settings_.register_again_after && last_register_.count() > 0) {
    if (!has_told_silence_) {
      has_told_silence_ = true;
      telemetry::log(telemetry::Level::kWarning,
                     settings_.control_endpoint +
                         " does not answer: nobody is there, its key is another one, or this "
                         "worker's public key is not in its folder workers/");
    }
    // A connection whose key was refused once never comes back by itself.
    static_cast<void>(dealer_.reopen());
    last_received_ = now;
  }
  last_register_ = now;
  wire::FrameHeader header;
  const auto message = wire::encode_message(wire::WorkerMessage{
      wire::Register{.name = settings_.name,
                     .boot_id = runner_.boot_id(),
                     .agent_version = settings_.version,
                     .slots = settings_.slots,
                     .labels = settings_.labels,
                     .attempts = agent_.held(),
                     .highest_epoch = high_water_.epoch,
                     .highest_fence = std::max(high_water_.fence, agent_.highest_fence()),
                     .resources = settings_.resources,
                     .cached_environments = preparer_->cached_environments()}});
  if (!message) {
    telemetry::log(telemetry::Level::kError, "cannot register: " + message.error().message);
    return;
  }
  for (const std::string& frame : wire::make_frames(wire::FrameKind::kWorker, header, {*message})) {
    is_connecting_ = !dealer_.send(frame).has_value();
  }
  if (!is_connecting_) {
    register_pause_ = std::clamp(2 * register_pause_,
                                 settings_.register_again_after,
                                 std::max(kLongestRegisterPause, settings_.register_again_after));
  }
}

void Session::Loop::say_owed() {
  const Milliseconds now = os::boot_time();
  if (has_session_ && now - last_owed_ >= settings_.resend_after / 2) {
    last_owed_ = now;
    perform(agent_.owed(now, settings_.resend_after));
  }
}

}  // namespace sheaf::session
