#include "common/os/processes.h"

#include <algorithm>
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sheaf::os {
namespace {

// A child that waits for a signal; ended and reaped with its owner.
class Child {
 public:
  Child() : pid_(::fork()) {
    if (pid_ == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

bool wait_end(const FileDescriptor& process) {
  pollfd polled{.fd = process.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 30'000) == 1;
}

TEST(Processes, AreFoundWithTheirParent) {
  const Child child;
  const auto process = find_process(child.pid());
  ASSERT_TRUE(process);
  EXPECT_EQ(process->parent, ::getpid());
  EXPECT_EQ(process->session, ::getsid(0));
  EXPECT_TRUE(process->is_alive);
  EXPECT_GE(process->identity.start_time, find_process(::getpid())->identity.start_time);
  const auto all = list_processes();
  EXPECT_NE(std::ranges::find(all, process->identity, &Process::identity), all.end());
}

TEST(Processes, MayHaveConfusingNames) {
  ASSERT_EQ(::prctl(PR_SET_NAME, "a) S 1 (b"), 0);
  const auto process = find_process(::getpid());
  ::prctl(PR_SET_NAME, "test");
  ASSERT_TRUE(process);
  EXPECT_EQ(process->parent, ::getppid());
}

TEST(Processes, AreReapedOnceAndThenGone) {
  const Child child;
  const auto identity = find_process(child.pid())->identity;
  const auto handle = open_process(identity);
  ASSERT_TRUE(handle) << handle.error().message;
  EXPECT_EQ(reap(*handle), std::nullopt) << "still running";
  ASSERT_TRUE(send_signal(*handle, SIGTERM));
  ASSERT_TRUE(wait_end(*handle));
  EXPECT_FALSE(find_process(child.pid())->is_alive) << "a zombie";
  EXPECT_EQ(open_process(identity).error().code, ErrorCode::kNotFound) << "a zombie";
  const auto status = reap(*handle);
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFSIGNALED(*status));
  EXPECT_EQ(WTERMSIG(*status), SIGTERM);
  EXPECT_EQ(reap(*handle), std::nullopt) << "a second time";
  EXPECT_FALSE(find_process(child.pid()));
  EXPECT_EQ(send_signal(*handle, SIGTERM).error().code, ErrorCode::kNotFound);
}

TEST(Processes, OfAnotherStartTimeAreOthers) {
  const Child child;
  auto identity = find_process(child.pid())->identity;
  ++identity.start_time;
  EXPECT_EQ(open_process(identity).error().code, ErrorCode::kNotFound);
}

TEST(Processes, ShowTheEnvironmentTheyStartedWith) {
  const std::string environment = initial_environment(::getpid());
  EXPECT_NE(environment.find("PATH="), std::string::npos);
  EXPECT_EQ(initial_environment(1 << 30), "");
}

TEST(BootId, IsAUuid) {
  EXPECT_EQ(boot_id().value().size(), 36u);
}

}  // namespace
}  // namespace sheaf::os
