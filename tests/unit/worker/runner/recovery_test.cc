// What a new agent makes of the folders that another one left.
#include <csignal>

#include <sys/fsuid.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/processes.h"
#include "tests/unit/worker/runner/attempt_fixture.h"
#include "worker/runner/removal.h"
#include "worker/shim/contract.h"

namespace sheaf::runner {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65'534;

using Recovery = AttemptTest;
INSTANTIATE_TEST_SUITE_P(Paths,
                         Recovery,
                         testing::Values(CgroupUse::kWherePossible, CgroupUse::kNever),
                         name_of);

// Replaces the value of a line "key=value" in a record.
void set_field(const fs::path& record, const std::string& key, const std::string& value) {
  std::string text = content_of(record);
  const auto begin = text.find("\n" + key + "=") + key.size() + 2;
  ASSERT_NE(text.find("\n" + key + "="), std::string::npos);
  text.replace(begin, text.find('\n', begin) - begin, value);
  write_file(record, text);
}

TEST_P(Recovery, AdoptsWhatADeadAgentLaunched) {
  Gate gate(file("gate"));
  const Gate go(file("go"));
  const LaunchSpec spec = a_script("echo $$ > gate; read go < go; echo end; exit 6");
  const pid_t agent = ::fork();
  if (agent == 0) {
    const auto launched = runner().launch(spec);
    ::kill(::getpid(), launched ? SIGKILL : SIGABRT);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(agent, &status, 0), agent);
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  const pid_t main = std::stoi(gate.wait_line());

  const Runner successor = reopen();
  EXPECT_EQ(attempts(), std::vector{spec.attempt});
  const auto adopted = successor.inspect(spec.attempt);
  ASSERT_TRUE(adopted) << adopted.error().message;
  ASSERT_EQ(adopted->state, AttemptState::kRunning);
  EXPECT_EQ(adopted->start.value_or(StartRecord{}).main.pid, main)
      << "the task must keep its process";
  EXPECT_FALSE(os::reap(adopted->shim)) << "not our child";
  const auto settled = successor.settle(spec.attempt, kPatience);
  EXPECT_EQ(settled->state, AttemptState::kRunning) << "settling must leave it alone";
  go.open();
  ASSERT_TRUE(wait_readable(adopted->shim));
  const auto finished = successor.inspect(spec.attempt);
  ASSERT_EQ(finished->state, AttemptState::kFinished);
  EXPECT_EQ(finished->exit.value_or(ExitRecord{}).exit_code, 6);
  EXPECT_EQ(stdout_text(), "end\n");
}

TEST_P(Recovery, AnAdoptedAttemptCanBeStopped) {
  Gate gate(file("gate"));
  const LaunchedShim shim = launch(a_script("echo $$ > gate; exec sleep 1000"));
  const pid_t main = std::stoi(gate.wait_line());
  EXPECT_TRUE(reopen().request_stop(last_attempt()));
  EXPECT_TRUE(finish(shim).cancelled);
  EXPECT_FALSE(os::find_process(main));
}

TEST_P(Recovery, EndsWhatADeadShimLeft) {
  Gate gate(file("gate"));
  const LaunchedShim shim = launch(a_script(
      "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > gate; while :; do sleep 100; done' & "
      "while :; do wait; done"));
  const pid_t child = std::stoi(gate.wait_line());
  kill_shim(shim);
  const auto inspection = runner().inspect(last_attempt());
  ASSERT_TRUE(inspection);
  EXPECT_EQ(inspection->state, AttemptState::kShimDied);
  EXPECT_FALSE(inspection->tree_empty) << "inspecting alone must not promise anything";
  const auto settled = runner().settle(last_attempt(), kPatience);
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_EQ(settled->state, AttemptState::kShimDied);
  EXPECT_TRUE(settled->tree_empty);
  EXPECT_EQ(settled->proof,
            GetParam() == CgroupUse::kNever ? TreeProof::kScan : TreeProof::kCgroup);
  EXPECT_TRUE(wait_gone(child));
  EXPECT_TRUE(wait_gone(settled->start.value_or(StartRecord{}).main.pid));
}

TEST_P(Recovery, FindsSurvivorsThatShedTheirEnvironment) {
  Gate gate(file("gate"));
  const LaunchedShim shim = launch(
      a_script("env -i /bin/sh -c '(echo $$ > gate; /usr/bin/setsid /bin/sleep 1000; :); :'; :"));
  const pid_t child = std::stoi(gate.wait_line());
  kill_shim(shim);
  const auto settled = runner().settle(last_attempt(), kPatience);
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_TRUE(settled->tree_empty);
  EXPECT_TRUE(wait_gone(child)) << "a descendant without the mark";
}

TEST_P(Recovery, ReusedPidsAreNobodysShimAndNobodysTask) {
  const LaunchedShim shim = launch(a_script("true"));
  static_cast<void>(finish(shim));
  const fs::path folder = runner().folder(last_attempt()).path;
  fs::remove(folder / kShimExitFile);
  // As if this test process had got the pids of both.
  set_field(folder / kShimStartedFile, "shim_pid", std::to_string(::getpid()));
  set_field(folder / kShimStartedFile, "main_pid", std::to_string(::getpid()));
  const auto settled = runner().settle(last_attempt(), kPatience);
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_EQ(settled->state, AttemptState::kShimDied);
  EXPECT_TRUE(settled->tree_empty);  // and we are still here
  EXPECT_EQ(runner().request_stop(last_attempt()).error().code, ErrorCode::kNotFound);
}

TEST_P(Recovery, AStrangerWithTheSameAttemptIdIsSpared) {
  const LaunchedShim shim = launch(a_script("exec sleep 1000"));
  const AttemptId attempt = last_attempt();
  const TemporaryFolder elsewhere;
  RunnerSettings others = settings();
  others.attempts_folder = elsewhere.path();
  auto other = Runner::open(others);
  LaunchSpec spec = a_script("exec sleep 1000");
  spec.attempt = attempt;
  const auto stranger = other->launch(spec);
  ASSERT_TRUE(stranger) << stranger.error().message;
  ASSERT_TRUE(wait_readable(shim.started) && wait_readable(stranger->started));
  kill_shim(shim);
  EXPECT_TRUE(runner().settle(attempt, kPatience)->tree_empty);
  EXPECT_EQ(other->inspect(attempt)->state, AttemptState::kRunning);
  EXPECT_TRUE(other->request_stop(attempt));
  ASSERT_TRUE(wait_readable(stranger->process) && os::reap(stranger->process));
  EXPECT_EQ(other->read_exit(attempt)->signal, SIGTERM) << "it must have lived until then";
  EXPECT_TRUE(runner().remove(attempt));
}

TEST_P(Recovery, AnotherBootMeansThatEverythingIsGone) {
  static_cast<void>(finish(launch(a_script("true"))));
  const fs::path folder = runner().folder(last_attempt()).path;
  set_field(folder / kShimStartedFile, "boot_id", "another");
  EXPECT_EQ(runner().inspect(last_attempt())->state, AttemptState::kFinished)
      << "an outcome that survived still counts";
  const std::string exit = content_of(folder / kShimExitFile);
  for (const std::size_t size : {std::size_t{0}, exit.size() / 2}) {
    write_file(folder / kShimExitFile, exit.substr(0, size));
    const auto torn = runner().settle(last_attempt(), kPatience);
    ASSERT_TRUE(torn) << torn.error().message;
    EXPECT_EQ(torn->state, AttemptState::kRebooted);
    EXPECT_EQ(torn->proof, TreeProof::kReboot);
    EXPECT_TRUE(torn->tree_empty);
  }
  fs::remove(folder / kShimExitFile);
  EXPECT_EQ(runner().inspect(last_attempt())->state, AttemptState::kRebooted);
}

TEST_P(Recovery, WithoutARecordTheBootOfTheSpecDecides) {
  static_cast<void>(finish(launch(a_script("true"))));
  const fs::path folder = runner().folder(last_attempt()).path;
  fs::remove(folder / kShimExitFile);
  fs::remove(folder / kShimStartedFile);
  EXPECT_EQ(runner().inspect(last_attempt())->state, AttemptState::kNotStarted);
  std::string spec = content_of(folder / kShimSpecFile);
  spec.replace(spec.find("boot_id=") + 8, 4, "0ff1");
  write_file(folder / kShimSpecFile, spec);
  EXPECT_EQ(runner().settle(last_attempt(), kPatience)->state, AttemptState::kRebooted)
      << "its start record may have been lost with the power";
  fs::remove(folder / kShimSpecFile);
  EXPECT_EQ(runner().inspect(last_attempt())->state, AttemptState::kRebooted);
}

TEST_P(Recovery, TornRecordsOfThisBootAreAnError) {
  static_cast<void>(finish(launch(a_script("true"))));
  const fs::path folder = runner().folder(last_attempt()).path;
  write_file(folder / kShimExitFile, "sheaf-shim-exit 1\n");
  EXPECT_EQ(runner().inspect(last_attempt()).error().code, ErrorCode::kCorrupt);
  fs::remove(folder / kShimExitFile);
  write_file(folder / kShimStartedFile, "");
  EXPECT_EQ(runner().inspect(last_attempt()).error().code, ErrorCode::kCorrupt);
  EXPECT_TRUE(runner().remove(last_attempt())) << "what cannot be read can still be forgotten";
}

TEST_P(Recovery, RemoveForgetsAnAttemptThatIsOver) {
  EXPECT_EQ(
      run_script("mkdir -p $TMPDIR/a/b; : > $TMPDIR/a/b/file; chmod 500 $TMPDIR/a/b").exit_code, 0);
  EXPECT_TRUE(runner().remove(last_attempt()));
  EXPECT_TRUE(runner().remove(last_attempt())) << "a missing one is success";
  EXPECT_EQ(runner().inspect(last_attempt()).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(wait_deleted(root() / "attempts" / ("removed-" + to_string(last_attempt()) + ".0")));
  EXPECT_TRUE(fs::is_empty(root() / "attempts"));
}

TEST_P(Recovery, RemoveRefusesARunningAttempt) {
  const LaunchedShim shim = launch(a_script("exec sleep 1000"));
  ASSERT_TRUE(wait_readable(shim.started));
  EXPECT_EQ(runner().remove(last_attempt()).error().code, ErrorCode::kConflict);
}

TEST_P(Recovery, OpeningSweepsHalfRemovedAttempts) {
  // Moved in at once: the first runner may sweep meanwhile.
  fs::create_directories(root() / "made" / "tmp");
  fs::rename(root() / "made", root() / "attempts" / "removed-5");
  const Runner successor = reopen();
  EXPECT_TRUE(wait_deleted(root() / "attempts" / "removed-5"));
}

TEST_P(Recovery, OpeningPassesOverWhatCannotBeDeleted) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make what another user cannot delete";
  }
  const TemporaryFolder place;
  const fs::path attempts = place.path() / "attempts";
  fs::create_directories(attempts / "removed-5" / "mine" / "deep");
  fs::create_directories(attempts / "removed-6");
  for (const fs::path& path : {place.path(), attempts, attempts / "removed-6"}) {
    ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
  }
  RunnerSettings others = settings();
  others.attempts_folder = attempts;
  const int before = ::setfsuid(kNobody);  // Of this thread and those that it starts.
  const auto opened = Runner::open(others);
  ::setfsuid(static_cast<uid_t>(before));
  EXPECT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(wait_deleted(attempts / "removed-6"));
  EXPECT_TRUE(fs::exists(attempts / "removed-5"));
}

TEST_P(Recovery, RemoveLeavesTheDeletingToAnotherThread) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make what another user cannot delete";
  }
  EXPECT_EQ(run_script("mkdir -p $TMPDIR/a/b; : > $TMPDIR/a/b/file").exit_code, 0);
  const fs::path attempts = root() / "attempts";
  const fs::path folder = runner().folder(last_attempt()).path;
  for (const fs::path& path : {root(), attempts, folder}) {
    ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
  }
  const int before = ::setfsuid(kNobody);  // Of this thread, not of those that run already.
  const auto removed = runner().remove(last_attempt());
  ::setfsuid(static_cast<uid_t>(before));
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_TRUE(wait_deleted(attempts / ("removed-" + to_string(last_attempt()) + ".0")));
}

TEST(Removal, AnAttemptCanBeHiddenTwice) {
  const TemporaryFolder place;
  const AttemptFolder folder{.attempt = {5}, .path = place.path() / "5"};
  fs::create_directories(folder.path / "tmp");
  fs::create_directories(place.path() / "removed-5.0" / "tmp");  // Not deleted yet, or never.
  EXPECT_TRUE(hide_attempt(place.path(), folder));
  EXPECT_FALSE(fs::exists(folder.path));
  EXPECT_TRUE(fs::exists(place.path() / "removed-5.0"));
  EXPECT_TRUE(fs::exists(place.path() / "removed-5.1"));
  EXPECT_TRUE(hide_attempt(place.path(), folder)) << "a missing one is success";
}

}  // namespace
}  // namespace sheaf::runner
