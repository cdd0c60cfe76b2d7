#include "worker/session/session.h"

#include <fcntl.h>
#include <sys/file.h>

#include "worker/session/loop.h"

namespace sheaf::session {
namespace {

/// Holds `<folder>/lock` for the life of the descriptor.
Result<os::FileDescriptor> lock_folder(const std::filesystem::path& folder) {
  if (auto made = os::make_private_folder(folder); !made) {
    return fail(made.error());
  }
  auto lock = os::open_file(folder / "lock", O_RDWR | O_CREAT);
  if (!lock) {
    return fail(lock.error());
  }
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::kConflict, folder.string() + ": another worker agent uses this folder");
  }
  return lock;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionSettings settings) {
  auto lock = lock_folder(settings.folder);
  if (!lock) {
    return fail(lock.error());
  }
  auto runner = runner::Runner::open({.attempts_folder = settings.folder / "attempts",
                                      .shim_program = settings.shim_program,
                                      .cgroup_use = settings.cgroup_use});
  if (!runner) {
    return fail(runner.error());
  }
  auto files = AttemptFiles::open(settings.folder / "leases");
  if (!files) {
    return fail(files.error());
  }
  auto preparer = environments::Preparer::open(
      {.folder = settings.folder, .runtime_package = settings.runtime_package});
  if (!preparer) {
    return fail(preparer.error());
  }
  auto wakeup = transport::Wakeup::create();
  if (!wakeup) {
    return fail(wakeup.error());
  }
  auto dealer = transport::Dealer::connect({.endpoint = settings.control_endpoint,
                                            .server_public_key = settings.server_public_key,
                                            .keys = settings.keys,
                                            .limits = {},
                                            .tells_connections = true});
  if (!dealer) {
    return fail(dealer.error());
  }
  auto loop = std::make_unique<Loop>(std::move(settings),
                                     std::move(*lock),
                                     std::move(*runner),
                                     std::move(*files),
                                     std::move(*preparer),
                                     std::move(*wakeup),
                                     std::move(*dealer));
  if (auto started = loop->start_logs(); !started) {
    return fail(started.error());
  }
  if (auto recovered = loop->recover(); !recovered) {
    return fail(recovered.error());
  }
  return std::unique_ptr<Session>(new Session(std::move(loop)));
}

Session::Session(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Session::~Session() = default;

void Session::run() {
  loop_->run();
}

void Session::stop() {
  loop_->stop();
}

}  // namespace sheaf::session
