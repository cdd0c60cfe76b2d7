#include "worker/runner/survivors.h"

#include <algorithm>
#include <csignal>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "common/os/cgroups.h"
#include "common/os/clocks.h"
#include "common/os/processes.h"

namespace sheaf::runner {

namespace {

bool has_variable(std::string_view environment, std::string_view variable) {
  while (!environment.empty()) {
    const auto end = std::min(environment.find('\0'), environment.size());
    if (environment.substr(0, end) == variable) {
      return true;
    }
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return false;
}

// The processes of an attempt, found among all.
class Search {
 public:
  Search(const AttemptFolder& folder, const StartRecord& start)
      : mark_("SHEAF_TASK_VALUES=" + folder.values_file().string()), start_(start) {}

  [[nodiscard]] std::vector<os::ProcessIdentity> find() const {
    const auto processes = os::list_processes();
    std::set<pid_t> members;
    for (const os::Process& process : processes) {
      if (belongs(process, processes)) {
        members.insert(process.identity.pid);
      }
    }
    while (add_children(processes, members)) {
    }
    std::vector<os::ProcessIdentity> found;
    for (const os::Process& process : processes) {
      if (process.is_alive && members.contains(process.identity.pid)) {
        found.push_back(process.identity);
      }
    }
    return found;
  }

 private:
  [[nodiscard]] bool belongs(const os::Process& process,
                             const std::vector<os::Process>& processes) const {
    if (process.identity.pid == ::getpid() ||
        process.identity.start_time < start_.main.start_time) {
      return false;
    }
    if (process.identity == start_.main ||
        has_variable(os::initial_environment(process.identity.pid), mark_)) {
      return true;
    }
    // A session number says something only while its leader is known to be ours.
    return process.session == start_.main.pid &&
           std::ranges::find(processes, start_.main, &os::Process::identity) != processes.end();
  }

  // Adds those whose parent is a member; whether there were any new ones.
  static bool add_children(const std::vector<os::Process>& processes, std::set<pid_t>& members) {
    const auto before = members.size();
    for (const os::Process& process : processes) {
      if (members.contains(process.parent)) {
        members.insert(process.identity.pid);
      }
    }
    return members.size() > before;
  }

  std::string mark_;
  const StartRecord& start_;
};

// KILL through handles, so that no reused pid is hit; the handles then tell of the ends.
std::vector<os::FileDescriptor> kill_all(const std::vector<os::ProcessIdentity>& processes) {
  std::vector<os::FileDescriptor> handles;
  for (const os::ProcessIdentity& identity : processes) {
    auto handle = os::open_process(identity);
    if (handle && os::send_signal(*handle, SIGKILL)) {
      handles.push_back(std::move(*handle));
    }
  }
  return handles;
}

void await_ends(const std::vector<os::FileDescriptor>& handles, Milliseconds deadline) {
  for (const os::FileDescriptor& handle : handles) {
    const Milliseconds left = std::max(deadline - os::boot_time(), Milliseconds::zero());
    pollfd polled{.fd = handle.get(), .events = POLLIN, .revents = 0};
    ::poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
  }
}

}  // namespace

Result<bool> end_survivors(const AttemptFolder& folder,
                           const StartRecord& start,
                           Milliseconds patience) {
  const Milliseconds deadline = os::boot_time() + patience;
  if (!start.cgroup.empty()) {
    const auto killed = os::kill_cgroup(start.cgroup, patience);
    if (killed || killed.error().code == ErrorCode::kTimeout) {
      return killed.has_value();
    }
    if (killed.error().code != ErrorCode::kUnsupported) {
      return fail(killed.error());
    }
  }
  const Search search(folder, start);
  for (;;) {
    const auto survivors = search.find();
    if (survivors.empty()) {
      return true;
    }
    await_ends(kill_all(survivors), deadline);
    if (os::boot_time() >= deadline) {
      return search.find().empty();
    }
  }
}

}  // namespace sheaf::runner
