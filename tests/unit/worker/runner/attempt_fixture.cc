#include "tests/unit/worker/runner/attempt_fixture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "worker/shim/contract.h"

namespace sheaf::runner {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "sheaf-runner-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Gate::Gate(const fs::path& path) : path_(path.string()) {
  EXPECT_EQ(::mkfifo(path_.c_str(), S_IRUSR | S_IWUSR), 0);
  // Open for both, so that neither end of the pipe ever ends.
  descriptor_ = os::FileDescriptor(::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

std::string Gate::wait_line() {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (!wait_readable(descriptor_)) {
      ADD_FAILURE() << "nothing came through " << path_;
      return {};
    }
    std::array<char, 4096> block{};
    const ssize_t count = ::read(descriptor_.get(), block.data(), block.size());
    buffer_.append(block.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
}

void Gate::open() const {
  EXPECT_EQ(::write(descriptor_.get(), "go\n", 3), 3);
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

bool wait_readable(const os::FileDescriptor& descriptor) {
  pollfd polled{.fd = descriptor.get(), .events = POLLIN, .revents = 0};
  const Milliseconds deadline = os::boot_time() + kPatience;
  int ready = -1;
  do {
    const auto left = deadline - os::boot_time();
    ready = ::poll(&polled, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

bool wait_gone(pid_t pid) {
  const auto process = os::find_process(pid);
  if (!process) {
    return true;
  }
  const auto handle = os::open_process(process->identity);
  return !handle || wait_readable(*handle);
}

bool wait_deleted(const fs::path& path) {
  const Milliseconds deadline = os::boot_time() + kPatience;
  while (fs::exists(fs::symlink_status(path)) && os::boot_time() < deadline) {
    ::poll(nullptr, 0, 5);
  }
  return !fs::exists(fs::symlink_status(path));
}

RunnerSettings AttemptTest::settings() const {
  return {.attempts_folder = root() / "attempts",
          .shim_program = SHEAF_SHIM_PROGRAM,
          .cgroup_use = GetParam(),
          .cgroup_parent = {}};
}

void AttemptTest::SetUp() {
  auto opened = Runner::open(settings());
  ASSERT_TRUE(opened) << opened.error().message;
  runner_ = std::move(*opened);
  if (GetParam() == CgroupUse::kWherePossible && !runner_->cgroups()) {
    GTEST_SKIP() << "no cgroup of version 2 may be made here: only the fallback is tested";
  }
}

void AttemptTest::TearDown() {
  if (!runner_) {
    return;
  }
  for (const AttemptId attempt : attempts()) {
    auto inspection = runner_->inspect(attempt);
    if (inspection && inspection->state == AttemptState::kRunning) {
      EXPECT_TRUE(os::send_signal(inspection->shim, SIGTERM));
      EXPECT_TRUE(wait_readable(inspection->shim));
      static_cast<void>(os::reap(inspection->shim));
    }
    EXPECT_TRUE(runner_->settle(attempt, kPatience));
    EXPECT_TRUE(runner_->remove(attempt));
  }
}

std::vector<AttemptId> AttemptTest::attempts() const {
  std::vector<AttemptId> found;
  for (std::int64_t value = kFirstAttempt; value <= attempt_.value; ++value) {
    if (fs::exists(root() / "attempts" / std::to_string(value))) {
      found.push_back({value});
    }
  }
  return found;
}

Runner AttemptTest::reopen() const {
  auto opened = Runner::open(settings());
  EXPECT_TRUE(opened) << opened.error().message;
  return std::move(*opened);
}

LaunchSpec AttemptTest::a_script(const std::string& script) {
  ++attempt_.value;
  LaunchSpec spec;
  spec.attempt = attempt_;
  spec.argv = {"/bin/sh", "-c", script};
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  spec.working_folder = root();
  spec.kill_grace = Milliseconds(200);
  return spec;
}

LaunchedShim AttemptTest::launch(const LaunchSpec& spec) {
  auto launched = runner().launch(spec);
  EXPECT_TRUE(launched) << launched.error().message;
  return launched ? std::move(*launched) : LaunchedShim{};
}

ExitRecord AttemptTest::finish(const LaunchedShim& shim) {
  EXPECT_TRUE(wait_readable(shim.process)) << "the shim does not end";
  const auto status = os::reap(shim.process);
  EXPECT_TRUE(status);
  EXPECT_TRUE(status && WIFEXITED(*status));
  EXPECT_EQ(status ? WEXITSTATUS(*status) : -1, kShimDone);
  auto record = runner().read_exit(attempt_);
  EXPECT_TRUE(record) << record.error().message;
  return record.value_or(ExitRecord{});
}

void AttemptTest::kill_shim(const LaunchedShim& shim) {
  ASSERT_TRUE(os::send_signal(shim.process, SIGKILL));
  ASSERT_TRUE(wait_readable(shim.process));
  ASSERT_TRUE(os::reap(shim.process));
}

std::string name_of(const testing::TestParamInfo<CgroupUse>& parameter) {
  return parameter.param == CgroupUse::kNever ? "ByParents" : "ByCgroup";
}

}  // namespace sheaf::runner
