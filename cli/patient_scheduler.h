// A scheduler that may be away for a while: for commands that wait for a run and must come through
// its restart, also where it comes back at another address. One thread.
#pragma once

#include <optional>

#include <boost/json.hpp>

#include "cli/invocation.h"
#include "cli/scheduler.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::cli {

class PatientScheduler {
 public:
  /// How long an outage may last before a call fails.
  static constexpr Milliseconds kPatience{60'000};

  /// Connects without patience: a scheduler that was never there is reported at once. `invocation`
  /// must outlive the object.
  [[nodiscard]] static Result<PatientScheduler> connect(const Invocation& invocation);

  /// Over a connection that was made already.
  [[nodiscard]] static PatientScheduler over(const Invocation& invocation, Scheduler scheduler) {
    return {invocation, std::move(scheduler)};
  }

  /// As Scheduler::send(), but repeated over an outage. REQUIRES: a call that may reach the
  /// scheduler twice.
  [[nodiscard]] Result<boost::json::object> send(const Call& call);
  [[nodiscard]] Result<http_client::Response> send_raw(const http_client::Request& request);

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  PatientScheduler(const Invocation& invocation, Scheduler scheduler)
      : invocation_(&invocation),
        endpoint_(scheduler.endpoint()),
        scheduler_(std::move(scheduler)) {}

  /// The connection, made anew after an outage.
  [[nodiscard]] Result<Scheduler*> reach();

  template <typename Answer, typename Send>
  [[nodiscard]] Result<Answer> repeat(const Send& send);

  const Invocation* invocation_;
  Endpoint endpoint_;
  std::optional<Scheduler> scheduler_;
};

}  // namespace sheaf::cli
