// Timeouts, orders to stop and trees that do not want to end.
#include <csignal>

#include <sys/stat.h>
#include <unistd.h>

#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "tests/unit/worker/runner/attempt_fixture.h"

namespace sheaf::runner {
namespace {

namespace fs = std::filesystem;

// A process that left session, parents and environment behind and ignores TERM; it tells its pid.
constexpr const char* kStubbornChild =
    R"(env -i /usr/bin/setsid /bin/sh -c 'trap "" TERM; echo $$ > gate; while :; do sleep 100; done' & )";

using Stop = AttemptTest;
INSTANTIATE_TEST_SUITE_P(Paths,
                         Stop,
                         testing::Values(CgroupUse::kWherePossible, CgroupUse::kNever),
                         name_of);

TEST_P(Stop, TimeoutEndsTheWholeTree) {
  Gate gate(file("gate"));
  LaunchSpec spec =
      a_script("trap '' TERM; " + std::string(kStubbornChild) + "while :; do wait; done");
  spec.timeout = Milliseconds(2'000);
  const Milliseconds begun = os::boot_time();
  const LaunchedShim shim = launch(spec);
  const pid_t child = std::stoi(gate.wait_line());
  const ExitRecord exit = finish(shim);
  EXPECT_GE(os::boot_time() - begun, spec.timeout);
  EXPECT_TRUE(exit.timed_out);
  EXPECT_FALSE(exit.cancelled);
  EXPECT_EQ(exit.ended_by, EndedBy::kSignal);
  EXPECT_EQ(exit.signal, SIGKILL);
  EXPECT_TRUE(exit.tree_empty);
  EXPECT_FALSE(os::find_process(child)) << "recorded as empty, but a child is left";
}

TEST_P(Stop, TimeoutLetsTheTaskCleanUp) {
  Gate gate(file("gate"));
  LaunchSpec spec = a_script(
      "trap 'echo cleaned > note; exit 9' TERM; echo ready > gate; "
      "while :; do sleep 100 & wait; done");
  spec.timeout = Milliseconds(1'000);
  spec.kill_grace = kPatience;
  const LaunchedShim shim = launch(spec);
  EXPECT_EQ(gate.wait_line(), "ready");
  const ExitRecord exit = finish(shim);
  EXPECT_TRUE(exit.timed_out);
  EXPECT_EQ(exit.ended_by, EndedBy::kExit);
  EXPECT_EQ(exit.exit_code, 9);
  EXPECT_EQ(content_of(file("note")), "cleaned\n");
}

TEST_P(Stop, ATaskThatEndsInTimeDidNotTimeOut) {
  LaunchSpec spec = a_script("exit 5");
  spec.timeout = kPatience;
  const ExitRecord exit = run(spec);
  EXPECT_FALSE(exit.timed_out);
  EXPECT_EQ(exit.exit_code, 5);
}

TEST_P(Stop, RequestEndsTheWholeTree) {
  Gate gate(file("gate"));
  const LaunchedShim shim = launch(a_script(std::string(kStubbornChild) + "wait"));
  const pid_t child = std::stoi(gate.wait_line());
  EXPECT_TRUE(runner().request_stop(last_attempt()));
  const auto repeated = runner().request_stop(last_attempt());
  EXPECT_TRUE(repeated || repeated.error().code == ErrorCode::kNotFound);
  const ExitRecord exit = finish(shim);
  EXPECT_TRUE(exit.cancelled);
  EXPECT_FALSE(exit.timed_out);
  EXPECT_EQ(exit.ended_by, EndedBy::kSignal);
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_TRUE(exit.tree_empty);
  EXPECT_FALSE(os::find_process(child));
  EXPECT_EQ(runner().request_stop(last_attempt()).error().code, ErrorCode::kNotFound);
}

TEST_P(Stop, RequestRightAfterTheLaunchIsNeverLost) {
  const LaunchedShim shim = launch(a_script("echo ran >> ledger; exec sleep 1000"));
  EXPECT_TRUE(os::send_signal(shim.process, SIGTERM));
  ASSERT_TRUE(wait_readable(shim.process));
  EXPECT_TRUE(os::reap(shim.process));
  const auto settled = runner().settle(last_attempt(), kPatience);
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_TRUE(settled->tree_empty);
  if (settled->state == AttemptState::kNeverRan) {
    EXPECT_FALSE(fs::exists(file("ledger")));
  } else {
    ASSERT_EQ(settled->state, AttemptState::kFinished);
    EXPECT_TRUE(settled->exit.value_or(ExitRecord{}).cancelled);
  }
}

TEST_P(Stop, AStoppedTaskCanStillCleanUp) {
  Gate gate(file("gate"));
  LaunchSpec spec = a_script(
      "trap 'exit 8' TERM; (while ! grep -q '^State:.T' /proc/$$/status; do :; done; "
      "echo stopped > gate) & kill -STOP $$; while :; do :; done");
  spec.kill_grace = kPatience;
  const LaunchedShim shim = launch(spec);
  EXPECT_EQ(gate.wait_line(), "stopped");
  EXPECT_TRUE(runner().request_stop(last_attempt()));
  const ExitRecord exit = finish(shim);
  EXPECT_TRUE(exit.cancelled);
  EXPECT_EQ(exit.exit_code, 8);
  EXPECT_TRUE(exit.tree_empty);
}

TEST_P(Stop, ChildrenLeftBehindAreEnded) {
  Gate gate(file("gate"));
  const Gate go(file("go"));
  const LaunchedShim shim = launch(a_script(std::string(kStubbornChild) + "read go < go; exit 4"));
  const pid_t child = std::stoi(gate.wait_line());
  go.open();
  const ExitRecord exit = finish(shim);
  EXPECT_EQ(exit.exit_code, 4);
  EXPECT_TRUE(exit.left_children);
  EXPECT_FALSE(exit.cancelled || exit.timed_out);
  EXPECT_TRUE(exit.tree_empty);
  EXPECT_FALSE(os::find_process(child));
}

TEST_P(Stop, ChildrenThatEndOnTermCostNoGrace) {
  LaunchSpec spec = a_script("sleep 1000 & exit 0");
  spec.kill_grace = kPatience;
  const Milliseconds begun = os::boot_time();
  const ExitRecord exit = run(spec);
  EXPECT_TRUE(exit.left_children);
  EXPECT_LT(os::boot_time() - begun, kPatience);
}

TEST_P(Stop, ATreeThatKeepsForkingIsEnded) {
  Gate gate(file("gate"));
  const LaunchedShim shim = launch(
      a_script("trap '' TERM; echo ready > gate; while :; do (trap '' TERM; sleep 2) & done"));
  EXPECT_EQ(gate.wait_line(), "ready");
  EXPECT_TRUE(runner().request_stop(last_attempt()));
  EXPECT_TRUE(finish(shim).tree_empty);
}

TEST_P(Stop, AChainOfProcessesThatEndAtOnceIsEnded) {
  // Each process starts the next and ends at once; the count bounds the chain should all else fail.
  write_file(file("hop"),
             "#!/bin/sh\ntrap '' TERM\n[ $1 = 1 ] && echo hopping > gate\n"
             "[ $1 -lt 30000 ] && ./hop $(($1 + 1)) &\n");
  fs::permissions(file("hop"), fs::perms::owner_all);
  Gate gate(file("gate"));
  LaunchSpec spec = a_script("trap '' TERM; ./hop 1; read never < never");
  const Gate never(file("never"));
  const LaunchedShim shim = launch(spec);
  EXPECT_EQ(gate.wait_line(), "hopping");
  EXPECT_TRUE(runner().request_stop(last_attempt()));
  EXPECT_TRUE(finish(shim).tree_empty);
}

TEST_P(Stop, ProcessesThatCannotDieAreReportedNotDenied) {
  const fs::path freezer = "/sys/fs/cgroup/freezer/sheaf-test-" + std::to_string(::getpid());
  if (::mkdir(freezer.c_str(), S_IRWXU) != 0) {
    GTEST_SKIP() << "no freezer of cgroup version 1 to hold a process that cannot be killed";
  }
  LaunchSpec spec = a_script("sleep 1000");
  spec.tree_wait = Milliseconds(300);
  const LaunchedShim shim = launch(spec);
  ASSERT_TRUE(wait_readable(shim.started));
  const auto inspection = runner().inspect(last_attempt());
  ASSERT_TRUE(inspection && inspection->start);
  const pid_t main = inspection->start.value_or(StartRecord{}).main.pid;
  write_file(freezer / "cgroup.procs", std::to_string(main));
  write_file(freezer / "freezer.state", "FROZEN");
  EXPECT_TRUE(runner().request_stop(last_attempt()));
  const ExitRecord exit = finish(shim);
  EXPECT_TRUE(exit.cancelled);
  EXPECT_FALSE(exit.tree_empty);
  EXPECT_EQ(exit.ended_by, EndedBy::kUnreaped);
  write_file(freezer / "freezer.state", "THAWED");
  EXPECT_TRUE(wait_gone(main));
  EXPECT_EQ(::rmdir(freezer.c_str()), 0);
}

}  // namespace
}  // namespace sheaf::runner
