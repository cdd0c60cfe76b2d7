// Attempts that run to their end: what the task finds, what is recorded.
#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <unistd.h>

#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "tests/unit/worker/runner/attempt_fixture.h"

namespace sheaf::runner {
namespace {

namespace fs = std::filesystem;

using Launch = AttemptTest;
INSTANTIATE_TEST_SUITE_P(Paths,
                         Launch,
                         testing::Values(CgroupUse::kWherePossible, CgroupUse::kNever),
                         name_of);

TEST_P(Launch, RecordsSuccess) {
  const Timestamp before = os::wall_time();
  const ExitRecord exit = run_script("echo out; echo err >&2");
  EXPECT_EQ(exit.attempt, last_attempt());
  EXPECT_EQ(exit.boot_id, runner().boot_id());
  EXPECT_EQ(exit.ended_by, EndedBy::kExit);
  EXPECT_EQ(exit.exit_code, 0);
  EXPECT_EQ(exit.error, "");
  EXPECT_TRUE(exit.tree_empty);
  EXPECT_FALSE(exit.timed_out || exit.cancelled || exit.left_children);
  EXPECT_GE(exit.ended, before);
  EXPECT_LE(exit.ended, os::wall_time());
  EXPECT_GT(exit.max_resident_bytes, 0u);
  EXPECT_EQ(stdout_text(), "out\n");
  EXPECT_EQ(content_of(runner().folder(last_attempt()).stderr_file()), "err\n");
}

TEST_P(Launch, RecordsExitCode) {
  const ExitRecord exit = run_script("exit 43");
  EXPECT_EQ(exit.ended_by, EndedBy::kExit);
  EXPECT_EQ(exit.exit_code, 43);
}

TEST_P(Launch, RecordsSignal) {
  const ExitRecord exit = run_script("kill -SEGV $$");
  EXPECT_EQ(exit.ended_by, EndedBy::kSignal);
  EXPECT_EQ(exit.signal, SIGSEGV);
  EXPECT_EQ(exit.exit_code, -1);
  EXPECT_FALSE(exit.cancelled);
}

TEST_P(Launch, RecordsTheProcessorTimeOfTheWholeTree) {
  const ExitRecord exit = run_script("(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done) & wait");
  EXPECT_GT(exit.user_time.count(), 10'000);
}

TEST_P(Launch, AnnouncesTheStartWithTheIdentitiesOnRecord) {
  const Gate gate(file("gate"));
  const LaunchedShim shim = launch(a_script("echo $$ > report; read go < gate"));
  ASSERT_TRUE(wait_readable(shim.started));
  char announced = 0;
  EXPECT_EQ(::read(shim.started.get(), &announced, 1), 1);
  const auto inspection = runner().inspect(last_attempt());
  ASSERT_TRUE(inspection) << inspection.error().message;
  EXPECT_EQ(inspection->state, AttemptState::kRunning);
  const StartRecord start = inspection->start.value_or(StartRecord{});
  EXPECT_EQ(start.attempt, last_attempt());
  EXPECT_EQ(start.boot_id, runner().boot_id());
  EXPECT_EQ(start.shim.pid, shim.pid);
  EXPECT_EQ(start.shim, os::find_process(shim.pid).value_or(os::Process{}).identity);
  EXPECT_EQ(start.main, os::find_process(start.main.pid).value_or(os::Process{}).identity);
  EXPECT_EQ(start.cgroup.empty(), GetParam() == CgroupUse::kNever);
  gate.open();
  EXPECT_EQ(finish(shim).exit_code, 0);
  EXPECT_EQ(content_of(file("report")), std::to_string(start.main.pid) + "\n");
  EXPECT_FALSE(fs::exists(start.cgroup)) << "the cgroup outlives the attempt";
}

TEST_P(Launch, AnnouncesTheStartOnceAndThenEndsThePipe) {
  const LaunchedShim shim = launch(a_script("true"));
  EXPECT_EQ(finish(shim).exit_code, 0);
  std::array<char, 8> announced{};
  EXPECT_EQ(::read(shim.started.get(), announced.data(), announced.size()), 1);
  EXPECT_EQ(::read(shim.started.get(), announced.data(), announced.size()), 0);
}

TEST_P(Launch, PassesOddBytesUnchanged) {
  std::string all_bytes;
  for (int byte = 1; byte < 256; ++byte) {
    all_bytes.push_back(static_cast<char>(byte));
  }
  const std::vector<std::string> odd = {
      "", " ", "a b", "--", "=", "x=y", "end", "\n", "ü€😀", all_bytes};
  LaunchSpec spec = a_script(R"(printf '%s\0' "$@"; printf '%s' "$ODD" > odd)");
  spec.argv.emplace_back("sh");
  spec.argv.insert(spec.argv.end(), odd.begin(), odd.end());
  spec.env.emplace_back("ODD", all_bytes);
  EXPECT_EQ(run(spec).exit_code, 0);
  std::string expected;
  for (const std::string& argument : odd) {
    expected += argument + '\0';
  }
  EXPECT_EQ(stdout_text(), expected);
  EXPECT_EQ(content_of(file("odd")), all_bytes);
}

TEST_P(Launch, GivesExactlyTheEnvironmentOfTheSpecAndTheAttempt) {
  LaunchSpec spec = a_script("");
  spec.argv = {"/usr/bin/env", "-0"};
  spec.env = {{"ONE", "1"}, {"EMPTY", ""}, {"TMPDIR", "/elsewhere"}};
  EXPECT_EQ(run(spec).exit_code, 0);
  const AttemptFolder place = runner().folder(last_attempt());
  const std::string base = place.path.string();
  EXPECT_EQ(stdout_text(),
            "SHEAF_ATTEMPT_ID=" + to_string(last_attempt()) + '\0' + "SHEAF_TASK_VALUES=" + base +
                "/task/values" + '\0' + "TMPDIR=" + base + "/task/tmp" + '\0' + "ONE=1" + '\0' +
                "EMPTY=" + '\0');
  EXPECT_EQ(fs::status(place.temporary_folder()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(place.path).permissions(), fs::perms::owner_all);
}

TEST_P(Launch, FindsTheProgramInThePathOfTheTask) {
  fs::create_directory(file("programs"));
  write_file(file("programs/greet"), "#!/bin/sh\necho found\n");
  fs::permissions(file("programs/greet"), fs::perms::owner_all);
  LaunchSpec spec = a_script("");
  spec.argv = {"greet"};
  spec.env = {{"PATH", file("programs").string()}};
  EXPECT_EQ(run(spec).exit_code, 0);
  EXPECT_EQ(stdout_text(), "found\n");
}

TEST_P(Launch, HidesWhatTheAgentHasOpenBlockedOrIgnored) {
  const os::FileDescriptor leaked(::open("/etc/hostname", O_RDONLY));  // without O_CLOEXEC
  const os::FileDescriptor high(::fcntl(leaked.get(), F_DUPFD, 200));
  sigset_t blocked;
  sigset_t previous;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &previous);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  const ExitRecord exit = run_script(
      "for i in /proc/$$/fd/*; do readlink $i; done; umask; ulimit -c;"
      "grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status; cat /proc/self/oom_score_adj;"
      "cut -d' ' -f 6 /proc/$$/stat | grep -qx $$ && echo own session");
  ::pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  static_cast<void>(std::signal(SIGPIPE, handler));
  EXPECT_EQ(exit.exit_code, 0);
  const std::string base = runner().folder(last_attempt()).path.string();
  EXPECT_EQ(stdout_text(),
            "/dev/null\n" + base + "/stdout\n" + base + "/stderr\n0022\n0\n" +
                "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n" +
                "500\nown session\n");
}

TEST_P(Launch, KeepsLogsToTheByte) {
  std::string noise(3u << 20, '\0');
  std::mt19937 random(7);  // fixed: a failure must be repeatable
  std::ranges::generate(noise, [&random] { return static_cast<char>(random()); });
  write_file(file("noise"), noise);
  EXPECT_EQ(run_script("cat noise; cat noise >&2").exit_code, 0);
  EXPECT_TRUE(stdout_text() == noise);
  EXPECT_TRUE(content_of(runner().folder(last_attempt()).stderr_file()) == noise);
}

TEST_P(Launch, TakesHugeOutput) {
  EXPECT_EQ(run_script("head -c 100000000 /dev/zero").exit_code, 0);
  EXPECT_EQ(fs::file_size(runner().folder(last_attempt()).stdout_file()), 100'000'000u);
}

TEST_P(Launch, ReportsAProgramThatDoesNotExist) {
  LaunchSpec spec = a_script("");
  spec.argv = {"no-such\nprogram"};
  const ExitRecord exit = run(spec);
  EXPECT_EQ(exit.ended_by, EndedBy::kExit);
  EXPECT_EQ(exit.exit_code, 127);
  EXPECT_EQ(exit.error, "cannot execute 'no-such?program': No such file or directory");
}

TEST_P(Launch, ReportsAProgramThatCannotBeExecuted) {
  write_file(file("plain"), "text");
  LaunchSpec spec = a_script("");
  spec.argv = {file("plain").string()};
  const ExitRecord exit = run(spec);
  EXPECT_EQ(exit.exit_code, 126);
  EXPECT_EQ(exit.error, "cannot execute '" + file("plain").string() + "': Permission denied");
}

TEST_P(Launch, ReportsAWorkingFolderThatDoesNotExist) {
  LaunchSpec spec = a_script("true");
  spec.working_folder = "/no/such/folder";
  const ExitRecord exit = run(spec);
  EXPECT_EQ(exit.exit_code, 127);
  EXPECT_EQ(exit.error, "cannot enter '/no/such/folder': No such file or directory");
}

TEST_P(Launch, RefusesToLaunchAnAttemptTwice) {
  const LaunchSpec spec = a_script("echo once >> ledger");
  EXPECT_EQ(run(spec).exit_code, 0);
  const auto again = runner().launch(spec);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(content_of(file("ledger")), "once\n");
  EXPECT_EQ(runner().read_exit(spec.attempt)->exit_code, 0) << "the first outcome must stay";
}

TEST_P(Launch, LeavesNothingIfTheShimCannotBeStarted) {
  RunnerSettings broken = settings();
  broken.shim_program = "/no/such/shim";
  auto other = Runner::open(broken);
  ASSERT_TRUE(other);
  const auto launched = other->launch(a_script("true"));
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(attempts().empty());
}

TEST_P(Launch, RunsManyAtOnceWithoutMixingThemUp) {
  constexpr int kCount = 40;
  std::vector<std::pair<AttemptId, LaunchedShim>> shims;
  for (int i = 0; i < kCount; ++i) {
    auto shim = launch(a_script("echo $SHEAF_ATTEMPT_ID; exit " + std::to_string(i)));
    shims.emplace_back(last_attempt(), std::move(shim));
  }
  EXPECT_EQ(attempts().size(), std::size_t{kCount});
  int expected = 0;
  for (const auto& [attempt, shim] : shims) {
    ASSERT_TRUE(wait_readable(shim.process));
    EXPECT_TRUE(os::reap(shim.process));
    EXPECT_EQ(runner().read_exit(attempt)->exit_code, expected++);
    EXPECT_EQ(content_of(runner().folder(attempt).stdout_file()), to_string(attempt) + "\n");
  }
}

}  // namespace
}  // namespace sheaf::runner
