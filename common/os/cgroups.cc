#include "common/os/cgroups.h"

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/os/clocks.h"
#include "common/os/file.h"

namespace sheaf::os {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxControlBytes = 1u << 20;

// Takes the text up to `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

// mountinfo writes blanks and the like as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 3)), nullptr, 8)));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// Our place in the version 2 hierarchy, from /proc/self/cgroup: the line "0::/path".
Result<fs::path> own_cgroup() {
  const auto text = read_file("/proc/self/cgroup", kMaxControlBytes);
  if (!text) {
    return fail(text.error());
  }
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto line = take(rest, '\n');
    if (line.starts_with("0::/")) {
      return fs::path(line.substr(4));
    }
  }
  return fail(ErrorCode::kUnsupported, "this process is in no cgroup of version 2");
}

Result<fs::path> default_parent() {
  const auto mountinfo = read_file("/proc/self/mountinfo", kMaxControlBytes);
  if (!mountinfo) {
    return fail(mountinfo.error());
  }
  const fs::path mount = find_mount(*mountinfo, "cgroup2");
  if (mount.empty()) {
    return fail(ErrorCode::kUnsupported, "no cgroup file system of version 2 is mounted");
  }
  const auto own = own_cgroup();
  if (!own) {
    return fail(own.error());
  }
  return own->empty() ? mount : mount / *own;
}

bool has_file(const fs::path& folder, const char* name) {
  return ::access((folder / name).c_str(), W_OK) == 0;
}

Result<FileDescriptor> open_events(const fs::path& cgroup) {
  FileDescriptor events(::open((cgroup / "cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  if (!events.is_open()) {
    return fail(error_of_errno(errno, "cannot open the events of " + cgroup.string()));
  }
  return events;
}

Result<bool> read_populated(const FileDescriptor& events) {
  std::array<char, 512> text{};
  const ssize_t size = ::pread(events.get(), text.data(), text.size(), 0);
  if (size < 0 && errno == ENODEV) {
    return false;  // removed meanwhile
  }
  if (size < 0) {
    return fail(error_of_errno(errno, "cannot read cgroup.events"));
  }
  const std::string_view content(text.data(), static_cast<std::size_t>(size));
  return content.find("populated 1") != std::string_view::npos;
}

// cgroup.events notifies poll when "populated" changes.
Result<void> wait_until_empty(const fs::path& cgroup, Milliseconds patience) {
  const auto events = open_events(cgroup);
  if (!events) {
    return events.error().code == ErrorCode::kNotFound ? Result<void>{} : fail(events.error());
  }
  const Milliseconds deadline = boot_time() + patience;
  for (;;) {
    const auto populated = read_populated(*events);
    if (!populated) {
      return fail(populated.error());
    }
    if (!*populated) {
      return {};
    }
    const Milliseconds left = deadline - boot_time();
    if (left <= Milliseconds::zero()) {
      return fail(ErrorCode::kTimeout, "processes are left in " + cgroup.string());
    }
    pollfd polled{.fd = events->get(), .events = POLLPRI, .revents = 0};
    ::poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1'000)));
  }
}

}  // namespace

fs::path find_mount(std::string_view mountinfo, std::string_view type) {
  while (!mountinfo.empty()) {
    std::string_view line = take(mountinfo, '\n');
    for (int field = 0; field < 4; ++field) {
      take(line, ' ');
    }
    const auto place = take(line, ' ');
    const auto separator = line.find(" - ");
    if (separator == std::string_view::npos) {
      continue;
    }
    std::string_view tail = line.substr(separator + 3);
    if (take(tail, ' ') == type) {
      return unescape(place);
    }
  }
  return {};
}

Result<CgroupParent> open_cgroup_parent(const fs::path& wanted) {
  const auto place = wanted.empty() ? default_parent() : Result<fs::path>(wanted);
  if (!place) {
    return fail(place.error());
  }
  const fs::path probe = *place / ("sheaf-probe-" + std::to_string(::getpid()));
  if (::mkdir(probe.c_str(), S_IRWXU) != 0) {
    return fail(error_of_errno(errno, "cannot make cgroups in " + place->string()));
  }
  CgroupParent parent{.path = *place,
                      .can_kill = has_file(probe, "cgroup.kill"),
                      .has_memory = has_file(probe, "memory.max"),
                      .has_pids = has_file(probe, "pids.max"),
                      .has_cpu = has_file(probe, "cpu.max")};
  const bool is_cgroup = has_file(probe, "cgroup.procs");
  ::rmdir(probe.c_str());
  if (!is_cgroup) {
    return fail(ErrorCode::kUnsupported, place->string() + " is not in a cgroup file system");
  }
  return parent;
}

Result<bool> is_populated(const fs::path& cgroup) {
  const auto events = open_events(cgroup);
  if (!events) {
    return events.error().code == ErrorCode::kNotFound ? Result<bool>(false) : fail(events.error());
  }
  return read_populated(*events);
}

Result<void> kill_cgroup(const fs::path& cgroup, Milliseconds patience) {
  const FileDescriptor kill(::open((cgroup / "cgroup.kill").c_str(), O_WRONLY | O_CLOEXEC));
  if (!kill.is_open() && errno == ENOENT) {
    std::error_code ignored;
    if (!fs::exists(cgroup, ignored)) {
      return {};
    }
    return fail(ErrorCode::kUnsupported, "this kernel has no cgroup.kill");
  }
  if (!kill.is_open() || ::write(kill.get(), "1", 1) != 1) {
    return fail(error_of_errno(errno, "cannot kill " + cgroup.string()));
  }
  return wait_until_empty(cgroup, patience);
}

Result<void> remove_cgroup(const fs::path& cgroup) {
  std::error_code error;
  for (fs::directory_iterator walk(cgroup, error), end; !error && walk != end;
       walk.increment(error)) {
    if (!walk->is_directory(error)) {
      continue;
    }
    if (auto removed = remove_cgroup(walk->path()); !removed) {
      return removed;
    }
  }
  if (::rmdir(cgroup.c_str()) == 0) {
    return {};
  }
  const int reason = errno;
  // Below a mount that may only be read, what is not there answers EROFS.
  if (reason == ENOENT || !fs::exists(cgroup, error)) {
    return {};
  }
  return fail(error_of_errno(reason, "cannot remove " + cgroup.string()));
}

}  // namespace sheaf::os
