#include "scheduler/workers/control_thread.h"

#include <algorithm>
#include <utility>

#include "common/base/failpoint.h"
#include "common/os/clocks.h"

namespace sheaf::workers {
namespace {

// Between two looks at letters and clocks.
constexpr int kMaxFramesATurn = 1'000;

}  // namespace

ControlThread::ControlThread(const Parts& parts,
                             Control::Beginning beginning,
                             transport::Router router)
    : wakeup_(parts.wakeup),
      router_(std::move(router)),
      control_({.settings = parts.settings,
                .owners = parts.owners,
                .presence = parts.presence,
                .mail = parts.mail,
                .post =
                    [&engine = parts.engine](core::Command command, engine::OnOutcome on_outcome) {
                      engine.post(std::move(command), std::move(on_outcome));
                    },
                .send = [this](const std::string& connection,
                               std::string_view frame) { return router_.send(connection, frame); },
                .boot_time = os::boot_time,
                .wall_time = os::wall_time},
               std::move(beginning)) {}

void ControlThread::run(const std::stop_token& stop) {
  transport::Poller poller(wakeup_);
  poller.add(router_);
  Milliseconds next_tick{0};
  while (!stop.stop_requested()) {
    control_.take_letters();
    receive_frames();
    if (os::boot_time() >= next_tick) {
      next_tick = control_.keep_time();
    }
    control_.flush();
    poller.wait(std::max(Milliseconds{0}, next_tick - os::boot_time()));
  }
}

void ControlThread::receive_frames() {
  for (int i = 0; i < kMaxFramesATurn; ++i) {
    const std::optional<transport::Received> received = router_.receive();
    if (!received) {
      return;
    }
    failpoint::reach("workers.before_receive");
    control_.receive(*received);
  }
  wakeup_->set();  // There may be more: come back at once.
}

}  // namespace sheaf::workers
