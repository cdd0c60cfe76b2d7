#include "cli/patient_scheduler.h"

#include <algorithm>
#include <thread>

#include "cli/console.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{2'000};

bool is_outage(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
}

}  // namespace

Result<PatientScheduler> PatientScheduler::connect(const Invocation& invocation) {
  auto scheduler = cli::connect(invocation);
  if (!scheduler) {
    return fail(scheduler.error());
  }
  return PatientScheduler(invocation, std::move(*scheduler));
}

Result<Scheduler*> PatientScheduler::reach() {
  if (scheduler_) {
    return &*scheduler_;
  }
  // `sheaf up` may be between taking its endpoint away and writing the next one; what else is
  // enrolled is another scheduler, which knows nothing of this command.
  auto found = find_endpoint(*invocation_);
  const bool is_same = found && found->scheduler_id == endpoint_.scheduler_id;
  auto connected = Scheduler::connect(is_same ? *found : endpoint_);
  if (!connected) {
    return fail(connected.error());
  }
  scheduler_ = std::move(*connected);
  endpoint_ = scheduler_->endpoint();
  return &*scheduler_;
}

template <typename Answer, typename Send>
Result<Answer> PatientScheduler::repeat(const Send& send) {
  const Milliseconds deadline = os::boot_time() + kPatience;
  Milliseconds pause = kFirstPause;
  bool has_told = false;
  for (;;) {
    auto scheduler = reach();
    Result<Answer> answer = scheduler ? send(**scheduler) : Result<Answer>(fail(scheduler.error()));
    if (answer || !is_outage(answer.error()) || os::boot_time() + pause > deadline) {
      return answer;
    }
    if (!has_told) {
      say("The scheduler does not answer (" + answer.error().message + "); trying for " +
          duration_text(kPatience));
      has_told = true;
    }
    scheduler_.reset();
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Result<boost::json::object> PatientScheduler::send(const Call& call) {
  return repeat<boost::json::object>(
      [&call](Scheduler& scheduler) { return scheduler.send(call); });
}

Result<http_client::Response> PatientScheduler::send_raw(const http_client::Request& request) {
  return repeat<http_client::Response>(
      [&request](Scheduler& scheduler) { return scheduler.send_raw(request); });
}

}  // namespace sheaf::cli
