// What this host can do at most, for tests/bench/run_bench.py to put beside what Sheaf does: one
// line of JSON. Rates a second: bare spawns; the shape of one attempt (folder, spec, shim, task,
// log files, exit record, removal) without any scheduler; 4 KiB appends with fsync.
//   ceilings SHIM FOLDER COUNT IN_FLIGHT
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

void require(bool condition, const char* what) {
  if (!condition) {
    std::perror(what);
    std::exit(1);
  }
}

/// Programs under way, each with the number that it was started for.
class Children {
 public:
  void start(const std::string& program, const std::string& argument, int number) {
    std::array<char*, 3> arguments{const_cast<char*>(program.c_str()),
                                   argument.empty() ? nullptr : const_cast<char*>(argument.c_str()),
                                   nullptr};
    char* no_environment = nullptr;
    pid_t pid = 0;
    require(::posix_spawn(
                &pid, program.c_str(), nullptr, nullptr, arguments.data(), &no_environment) == 0,
            "posix_spawn");
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    require(handle >= 0, "pidfd_open");
    polled_.push_back({handle, POLLIN, 0});
    numbers_.push_back(number);
  }

  int wait_one() {
    require(::poll(polled_.data(), polled_.size(), -1) > 0, "poll");
    const auto ended =
        std::ranges::find_if(polled_, [](const pollfd& item) { return item.revents != 0; });
    siginfo_t status{};
    require(::waitid(P_PIDFD, static_cast<id_t>(ended->fd), &status, WEXITED) == 0, "waitid");
    require(status.si_status == 0, "a child failed");
    ::close(ended->fd);
    const auto place = numbers_.begin() + (ended - polled_.begin());
    const int number = *place;
    numbers_.erase(place);
    polled_.erase(ended);
    return number;
  }

 private:
  std::vector<pollfd> polled_;
  std::vector<int> numbers_;  // one for each polled_
};

double per_second(int count, const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Keeps `in_flight` under way until `count` have ended.
double flow_rate(int count,
                 int in_flight,
                 const std::function<void(Children&, int)>& start,
                 const std::function<void(int)>& end) {
  return per_second(count, [&] {
    Children children;
    int started = 0;
    for (int ended = 0; ended < count; ++ended) {
      for (; started < count && started - ended < in_flight; ++started) {
        start(children, started);
      }
      end(children.wait_one());
    }
  });
}

void write_attempt(const fs::path& folder, int number) {
  fs::create_directory(folder);
  fs::create_directory(folder / "tmp");
  std::string spec;
  for (const std::string& field : {std::string("sheaf-shim-spec 1"),
                                   "attempt=" + std::to_string(number),
                                   std::string("boot_id=00000000-0000-0000-0000-000000000000"),
                                   std::string("cgroup="),
                                   std::string("sync=worthwhile"),
                                   std::string("arg=/bin/true"),
                                   std::string("env=PATH=/usr/bin:/bin"),
                                   std::string("end")}) {
    spec.append(field).push_back('\0');
  }
  std::ofstream(folder / "spec", std::ios::binary) << spec;
}

double attempt_rate(const std::string& shim, const fs::path& place, int count, int in_flight) {
  const auto folder = [&](int number) { return place / std::to_string(number); };
  return flow_rate(
      count,
      in_flight,
      [&](Children& children, int number) {
        write_attempt(folder(number), number);
        children.start(shim, folder(number).string(), number);
      },
      [&](int number) {
        require(fs::exists(folder(number) / "exit"), "no exit record");
        fs::remove_all(folder(number));
      });
}

double spawn_rate(int count, int in_flight) {
  return flow_rate(
      count,
      in_flight,
      [](Children& children, int number) { children.start("/bin/true", "", number); },
      [](int /*number*/) {});
}

double fsync_rate(const fs::path& place, int count) {
  const int file = ::open((place / "fsync").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string block(4096, 'x');
  const double rate = per_second(count, [&] {
    for (int i = 0; i < count; ++i) {
      require(::write(file, block.data(), block.size()) == 4096, "write");
      require(::fdatasync(file) == 0, "fdatasync");
    }
  });
  ::close(file);
  return rate;
}

}  // namespace

int main(int count, char** arguments) {
  require(count == 5, "usage: ceilings SHIM FOLDER COUNT IN_FLIGHT");
  const std::string shim = arguments[1];
  const fs::path place = arguments[2];
  const int attempts = std::atoi(arguments[3]);
  const int in_flight = std::atoi(arguments[4]);
  fs::create_directories(place);
  const double spawns = spawn_rate(attempts, in_flight);
  const double flow = attempt_rate(shim, place, attempts, in_flight);
  const double alone = attempt_rate(shim, place, std::max(1, attempts / 4), 1);
  const double syncs = fsync_rate(place, attempts);
  std::printf(
      "{\"spawns_per_s\": %.1f, \"attempts_per_s\": %.1f, \"attempts_alone_per_s\": %.1f, "
      "\"fsyncs_per_s\": %.1f}\n",
      spawns,
      flow,
      alone,
      syncs);
}
