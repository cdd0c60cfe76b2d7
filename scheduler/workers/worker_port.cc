#include "scheduler/workers/worker_port.h"

#include <utility>

#include "common/base/check.h"
#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "scheduler/workers/attempt_owners.h"
#include "scheduler/workers/control_thread.h"
#include "scheduler/workers/log_ingest.h"
#include "scheduler/workers/mail.h"

namespace sheaf::workers {
namespace {

constexpr transport::SocketLimits kControlLimits{
    .send_queue = 64,
    .receive_queue = 256,
    .max_message_bytes = limits::kMaxControlMessageBytes,
};

// A chunk and its frame; what is under way of a log is bounded by its credit.
constexpr transport::SocketLimits kLogLimits{
    .send_queue = 64,
    .receive_queue = 64,
    .max_message_bytes = limits::kMaxLogChunkBytes + (64U << 10U),
};

}  // namespace

WorkerPort::WorkerPort(Settings settings,
                       std::shared_ptr<transport::Wakeup> control_wakeup,
                       std::shared_ptr<transport::Wakeup> log_wakeup)
    : settings_(std::move(settings)),
      control_wakeup_(std::move(control_wakeup)),
      log_wakeup_(std::move(log_wakeup)),
      mail_(std::make_shared<Mail>(control_wakeup_)) {}

Result<std::unique_ptr<WorkerPort>> WorkerPort::create(Settings settings) {
  SHEAF_CHECK(settings.attempt_token, "attempts need tokens");
  SHEAF_CHECK(settings.fatal, "a failed fdatasync must end the process");
  SHEAF_CHECK(settings.suspect_after >= 3 * settings.heartbeat_interval,
              "two lost heartbeats must be harmless");
  Result<std::shared_ptr<transport::Wakeup>> control = transport::Wakeup::create();
  Result<std::shared_ptr<transport::Wakeup>> log = transport::Wakeup::create();
  if (!control || !log) {
    return fail(control ? log.error() : control.error());
  }
  return std::unique_ptr<WorkerPort>(
      new WorkerPort(std::move(settings), *std::move(control), *std::move(log)));
}

WorkerPort::~WorkerPort() {
  stop();
}

void WorkerPort::order_start(const core::StartAttempt& order) {
  mail_->order(order);
}

void WorkerPort::order_stop(const core::StopAttempt& order) {
  mail_->order(order);
}

Result<transport::Router> WorkerPort::listen(const std::string& endpoint,
                                             const transport::SocketLimits& limits) const {
  return transport::Router::bind({.endpoint = endpoint,
                                  .keys = settings_.keys,
                                  .domain = settings_.allow_list_domain,
                                  .limits = limits});
}

Result<void> WorkerPort::start(Parts parts, Beginning beginning) {
  SHEAF_CHECK(!control_thread_.joinable(), "the port is started once");
  Result<std::vector<core::WorkerRecord>> known = parts.store.read()->workers();
  if (!known) {
    return fail(known.error());
  }
  Result<transport::Router> control = listen(settings_.control_endpoint, kControlLimits);
  Result<transport::Router> log = listen(settings_.log_endpoint, kLogLimits);
  if (!control || !log) {
    return fail(control ? log.error() : control.error());
  }
  control_endpoint_ = control->endpoint();
  log_endpoint_ = log->endpoint();
  owners_ = std::make_unique<AttemptOwners>(parts.store);
  control_ = std::make_unique<ControlThread>(
      ControlThread::Parts{.settings = settings_,
                           .engine = parts.engine,
                           .owners = *owners_,
                           .presence = presence_,
                           .mail = mail_,
                           .wakeup = control_wakeup_},
      Control::Beginning{
          .epoch = beginning.epoch, .fence = beginning.fence, .workers = *std::move(known)},
      *std::move(control));
  log_ingest_ = std::make_unique<LogIngest>(
      LogIngest::Parts{
          .settings = settings_, .logs = parts.logs, .owners = *owners_, .wakeup = log_wakeup_},
      beginning.epoch,
      *std::move(log));
  control_thread_ =
      std::jthread([control = control_.get()](const std::stop_token& stop) { control->run(stop); });
  log_thread_ = std::jthread(
      [ingest = log_ingest_.get()](const std::stop_token& stop) { ingest->run(stop); });
  return {};
}

void WorkerPort::stop() {
  control_thread_.request_stop();
  log_thread_.request_stop();
  control_wakeup_->set();
  log_wakeup_->set();
  for (std::jthread* const thread : {&control_thread_, &log_thread_}) {
    if (thread->joinable()) {
      thread->join();
    }
  }
}

std::vector<WorkerPresence> WorkerPort::workers() const {
  return presence_.with([](const auto& workers) { return workers; });
}

}  // namespace sheaf::workers
