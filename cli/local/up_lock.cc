#include "cli/local/up_lock.h"

#include <cerrno>
#include <string>

#include <boost/json.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxLockBytes = 64u << 10;

/// What the file says; empty where its writer died before the end.
boost::json::object read_object(const os::FileDescriptor& file, const std::filesystem::path& path) {
  const auto text = os::read_at(file.get(), 0, kMaxLockBytes, path);
  auto object = text ? parse_object(*text, path.string()) : fail(text.error());
  return object ? std::move(*object) : boost::json::object();
}

}  // namespace

Result<UpLock> UpLock::take(const std::filesystem::path& data_folder) {
  const auto path = data_folder / "up.lock";
  auto file = os::open_file(path, O_RDWR | O_CREAT);
  if (!file) {
    return fail(file.error());
  }
  if (::flock(file->get(), LOCK_EX | LOCK_NB) == 0) {
    return UpLock(std::move(*file), path);
  }
  if (errno != EWOULDBLOCK) {
    return fail(os::error_of_errno(errno, "flock " + path.string()));
  }
  const auto holder = number_at(read_object(*file, path), "pid");
  return fail(ErrorCode::kConflict,
              "another `sheaf up` serves " + data_folder.string() +
                  (holder > 0 ? " (process " + std::to_string(holder) + ")" : "") +
                  ": stop it, or name another folder with --data");
}

Result<void> UpLock::await_predecessors(Milliseconds patience) const {
  const auto object = read_object(file_, path_);
  for (const auto& entry : array_at(object, "daemons")) {
    if (!entry.is_object()) {
      continue;
    }
    const os::ProcessIdentity identity{
        .pid = static_cast<pid_t>(number_at(entry.get_object(), "pid")),
        .start_time = static_cast<std::uint64_t>(number_at(entry.get_object(), "start_time"))};
    const auto process = os::open_process(identity);
    if (!process) {
      continue;
    }
    pollfd waited{.fd = process->get(), .events = POLLIN, .revents = 0};
    if (::poll(&waited, 1, static_cast<int>(patience.count())) == 0) {
      return fail(ErrorCode::kTimeout,
                  "process " + std::to_string(identity.pid) +
                      " of an earlier `sheaf up` does not end: end it and try again");
    }
  }
  return {};
}

Result<void> UpLock::write(const std::vector<os::ProcessIdentity>& daemons) const {
  boost::json::array list;
  for (const os::ProcessIdentity& daemon : daemons) {
    list.push_back({{"pid", daemon.pid}, {"start_time", daemon.start_time}});
  }
  const std::string text = boost::json::serialize(
      boost::json::object{{"pid", ::getpid()}, {"daemons", std::move(list)}});
  if (::ftruncate(file_.get(), 0) != 0) {
    return fail(os::error_of_errno(errno, "ftruncate " + path_.string()));
  }
  return os::write_all_at(file_.get(), text + "\n", 0, path_);
}

}  // namespace sheaf::cli
