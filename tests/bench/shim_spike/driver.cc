// The measuring half of tests/bench/shim_spike/run: interleaved rounds of every variant beside the
// host's own ceilings. Prints medians with the lowest and highest round. Single thread.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

void require(bool condition, const char* what) {
  if (condition) {
    return;
  }
  std::perror(what);
  std::exit(1);
}

pid_t spawn(const std::string& program, const std::string& argument) {
  std::array<char*, 3> arguments{
      const_cast<char*>(program.c_str()), const_cast<char*>(argument.c_str()), nullptr};
  if (argument.empty()) {
    arguments[1] = nullptr;
  }
  char* const no_environment = nullptr;
  pid_t pid = 0;
  require(posix_spawn(&pid,
                      program.c_str(),
                      nullptr,
                      nullptr,
                      arguments.data(),
                      const_cast<char**>(&no_environment)) == 0,
          "posix_spawn");
  return pid;
}

// Starts programs and tells when one has ended.
class Starter {
 public:
  virtual ~Starter() = default;
  virtual void start(const std::string& program, const std::string& argument) = 0;
  /// Waits until one has ended, and returns its argument.
  virtual std::string wait_one() = 0;
};

class OwnStarter : public Starter {
 public:
  void start(const std::string& program, const std::string& argument) override {
    const pid_t pid = spawn(program, argument);
    const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    require(handle >= 0, "pidfd_open");
    polled_.push_back({handle, POLLIN, 0});
    arguments_.push_back(argument);
  }
  std::string wait_one() override {
    require(poll(polled_.data(), polled_.size(), -1) > 0, "poll");
    const auto ended =
        std::ranges::find_if(polled_, [](const pollfd& item) { return item.revents != 0; });
    siginfo_t info{};
    require(waitid(P_PIDFD, static_cast<id_t>(ended->fd), &info, WEXITED) == 0, "waitid");
    require(info.si_status == 0, "a shim failed");
    close(ended->fd);
    const auto place = arguments_.begin() + (ended - polled_.begin());
    std::string argument = std::move(*place);
    arguments_.erase(place);
    polled_.erase(ended);
    return argument;
  }

 private:
  std::vector<pollfd> polled_;
  std::vector<std::string> arguments_;  // one for each polled_
};

// A shared launcher process: one message there with program and argument, one back at the end.
class LauncherStarter : public Starter {
 public:
  LauncherStarter() {
    std::array<int, 2> ends{};
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
    const pid_t pid = fork();
    require(pid >= 0, "fork");
    if (pid == 0) {
      close(ends[0]);
      serve(ends[1]);
    }
    close(ends[1]);
    socket_ = ends[0];
  }
  ~LauncherStarter() override { close(socket_); }
  void start(const std::string& program, const std::string& argument) override {
    const std::string message = program + '\n' + argument;
    require(send(socket_, message.data(), message.size(), 0) > 0, "send");
  }
  std::string wait_one() override {
    std::array<char, 4096> message{};
    const ssize_t size = recv(socket_, message.data(), message.size(), 0);
    require(size > 0, "recv");
    return {message.data(), static_cast<std::size_t>(size)};
  }

 private:
  [[noreturn]] static void serve(int socket) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, nullptr);
    const int ended = signalfd(-1, &children, SFD_CLOEXEC);
    std::map<pid_t, std::string> running;
    for (;;) {
      std::array<pollfd, 2> polled{{{socket, POLLIN, 0}, {ended, POLLIN, 0}}};
      require(poll(polled.data(), polled.size(), -1) > 0, "poll");
      if (polled[0].revents != 0) {
        start_next(socket, running);
      }
      if (polled[1].revents != 0) {
        report_ended(socket, ended, running);
      }
    }
  }
  static void start_next(int socket, std::map<pid_t, std::string>& running) {
    std::array<char, 4096> message{};
    const ssize_t size = recv(socket, message.data(), message.size(), 0);
    if (size <= 0) {
      _exit(0);
    }
    const std::string text(message.data(), static_cast<std::size_t>(size));
    const auto cut = text.find('\n');
    const std::string argument = text.substr(cut + 1);
    running[spawn(text.substr(0, cut), argument)] = argument;
  }
  static void report_ended(int socket, int ended, std::map<pid_t, std::string>& running) {
    signalfd_siginfo info{};
    require(read(ended, &info, sizeof info) > 0, "signalfd");
    for (pid_t pid = 0; (pid = waitpid(-1, nullptr, WNOHANG)) > 0; running.erase(pid)) {
      require(send(socket, running[pid].data(), running[pid].size(), 0) > 0, "send");
    }
  }
  int socket_ = -1;
};

struct Variant {
  std::string name;
  std::string shim;
  Starter* starter;
  fs::path place;
  std::string sync;
  std::string cgroup;  // parent, "" for none
  std::vector<double> rates{};
};

void prepare(const Variant& variant, const fs::path& folder, int number) {
  fs::create_directory(folder);
  fs::create_directory(folder / "tmp");
  const std::string id = std::to_string(number);
  const std::string cgroup = variant.cgroup.empty()
                                 ? ""
                                 : variant.cgroup + "/spike-" + std::to_string(getpid()) + "-" + id;
  std::string spec;
  for (const std::string& field : {std::string("sheaf-shim-spec 1"),
                                   "attempt=" + id,
                                   std::string("boot_id=8f334960-153f-a2ad-6784-27c7d42c6ab1"),
                                   "cgroup=" + cgroup,
                                   "sync=" + variant.sync,
                                   std::string("arg=/bin/true"),
                                   std::string("env=PATH=/usr/bin:/bin"),
                                   "env=SHEAF_ATTEMPT_ID=" + id,
                                   std::string("end")}) {
    spec.append(field).push_back('\0');
  }
  std::ofstream(folder / "spec", std::ios::binary) << spec;
}

void check_and_remove(const fs::path& folder) {
  require(fs::exists(folder / "exit"), "no exit record");
  fs::remove_all(folder);
}

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Attempts a second with `in_flight` at once; each is prepared, run, checked and removed.
double attempt_rate(const Variant& variant, int count, int in_flight) {
  const auto folder = [&](int number) { return variant.place / std::to_string(number); };
  const double time = seconds([&] {
    int started = 0;
    for (int ended = 0; ended < count; ++ended) {
      for (; started < count && started - ended < in_flight; ++started) {
        prepare(variant, folder(started), started);
        variant.starter->start(variant.shim, folder(started).string());
      }
      check_and_remove(variant.starter->wait_one());
    }
  });
  return count / time;
}

double spawn_rate(int count, int in_flight) {
  OwnStarter starter;
  return count / seconds([&] {
           int started = 0;
           for (int ended = 0; ended < count; ++ended) {
             for (; started < count && started - ended < in_flight; ++started) {
               starter.start("/bin/true", "");
             }
             starter.wait_one();
           }
         });
}

double fsync_rate(const fs::path& place, int count) {
  const int file = open((place / "fsync").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string block(4096, 'x');
  const double time = seconds([&] {
    for (int i = 0; i < count; ++i) {
      require(write(file, block.data(), block.size()) == 4096, "write");
      require(fsync(file) == 0, "fsync");
    }
  });
  close(file);
  return count / time;
}

struct Summary {
  double median, low, high;
};

Summary summarize(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values.front(), values.back()};
}

// One line: rates, and the median of their ratios to the reference of the same round.
void print(const std::string& name,
           const std::vector<double>& rates,
           const std::vector<double>& references) {
  const Summary rate = summarize(rates);
  std::vector<double> ratios;
  for (std::size_t round = 0; round < rates.size(); ++round) {
    ratios.push_back(rates[round] / references[round]);
  }
  const Summary ratio = summarize(ratios);
  std::printf("%-42s %6.0f/s [%5.0f .. %5.0f]  %5.2f [%5.2f .. %5.2f]\n",
              name.c_str(),
              rate.median,
              rate.low,
              rate.high,
              ratio.median,
              ratio.low,
              ratio.high);
}

// Private memory of a shim while its task sleeps.
long private_kib(const Variant& variant) {
  const fs::path folder = variant.place / "memory";
  prepare(variant, folder, 0);
  std::ofstream(folder / "spec", std::ios::binary)
      << std::string("sheaf-shim-spec 1\0arg=/bin/sleep\0arg=1\0end\0", 43);
  OwnStarter starter;
  const pid_t pid = spawn(variant.shim, folder.string());
  while (!fs::exists(folder / "started")) {
    usleep(1000);
  }
  std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
  long kib = 0;
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Private_")) {
      kib += std::atol(line.c_str() + line.find(':') + 1);
    }
  }
  waitpid(pid, nullptr, 0);
  fs::remove_all(folder);
  return kib;
}

std::string unified_cgroup() {
  for (const char* place : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    if (fs::exists(fs::path(place) / "cgroup.procs") && access(place, W_OK) == 0) {
      return place;
    }
  }
  return "";
}

}  // namespace

int main(int count, char** arguments) {
  require(count == 6, "usage: driver BINARIES ROUNDS ATTEMPTS DISK MEMORY");
  const std::string binaries = arguments[1];
  const int rounds = std::atoi(arguments[2]);
  const int attempts = std::atoi(arguments[3]);
  const fs::path disk = arguments[4];
  const fs::path memory = arguments[5];
  fs::create_directories(disk);
  fs::create_directories(memory);
  OwnStarter own;
  LauncherStarter launcher;
  std::vector<Variant> variants;
  for (const std::string libc : {"musl", "glibc"}) {
    for (const std::string starter : {"agent", "launcher"}) {
      for (const std::string place : {"disk", "memory"}) {
        for (const std::string sync : {"never", "always"}) {
          variants.push_back({libc + ", by " + starter + ", " + place + ", fsync " + sync,
                              binaries + "/shim-" + libc,
                              starter == "agent" ? static_cast<Starter*>(&own) : &launcher,
                              place == "disk" ? disk : memory,
                              sync,
                              ""});
        }
      }
    }
  }
  if (const std::string parent = unified_cgroup(); !parent.empty()) {
    variants.push_back({"musl, by agent, disk, fsync never, cgroup2",
                        binaries + "/shim-musl",
                        &own,
                        disk,
                        "never",
                        parent});
  }
  std::printf("private memory: musl %ld kB, glibc %ld kB\n",
              private_kib(variants.front()),
              private_kib(variants[8]));
  for (const int in_flight : {1, 2}) {
    std::vector<double> spawns;
    std::vector<double> fsyncs;
    for (int round = 0; round < rounds; ++round) {
      spawns.push_back(spawn_rate(4 * attempts, in_flight));
      if (in_flight == 1) {
        fsyncs.push_back(fsync_rate(disk, 4 * attempts));
      }
      for (Variant& variant : variants) {
        variant.rates.push_back(attempt_rate(variant, attempts, in_flight));
      }
    }
    const std::vector<double> reference = variants.front().rates;
    std::printf("\n%d in flight, %d rounds of %d; right: ratio to the first variant, by round\n",
                in_flight,
                rounds,
                attempts);
    print("host: posix_spawn /bin/true + wait", spawns, reference);
    if (in_flight == 1) {
      print("host: 4 KiB append + fsync", fsyncs, reference);
    }
    for (Variant& variant : variants) {
      print(variant.name, variant.rates, reference);
      variant.rates.clear();
    }
  }
  fs::remove_all(disk);
  fs::remove_all(memory);
}
