// The shim is killed, and an agent decides beside it, at every entry into and exit from each of its
// system calls. The oracle is a file to which the task appends a line when it runs.
#include <iostream>
#include <map>

#include <sys/wait.h>
#include <unistd.h>

#include "common/os/processes.h"
#include "tests/unit/worker/runner/attempt_fixture.h"
#include "tests/unit/worker/runner/traced_shim.h"
#include "worker/shim/contract.h"

namespace sheaf::runner {
namespace {

class KillPoints : public AttemptTest {
 protected:
  void SetUp() override {
    AttemptTest::SetUp();
    if (!IsSkipped() && !TracedShim(prepare("true")).is_traced()) {
      GTEST_SKIP() << "ptrace is not allowed here";
    }
  }

  // A folder as launch() leaves it when the shim dies before its first instruction: /bin/true
  // stands in for a shim that does so.
  AttemptFolder prepare(const std::string& script, SyncPolicy sync = SyncPolicy::kWorthwhile) {
    RunnerSettings stillborn = settings();
    stillborn.shim_program = "/bin/true";
    auto other = Runner::open(stillborn);
    LaunchSpec spec = a_script(script);
    spec.sync = sync;
    const auto launched = other->launch(spec);
    EXPECT_TRUE(launched) << launched.error().message;
    EXPECT_TRUE(launched && wait_readable(launched->process) && os::reap(launched->process));
    return runner().folder(last_attempt());
  }

  // How often the attempt's task ran.
  std::size_t runs(const AttemptFolder& folder) {
    const std::string ledger = content_of(file("ledger"));
    const std::string line = "<" + to_string(folder.attempt) + ">\n";
    std::size_t count = 0;
    for (auto at = ledger.find(line); at != std::string::npos; at = ledger.find(line, at + 1)) {
      ++count;
    }
    return count;
  }

  // The exit status of another shim on the same folder.
  static int run_second_shim(const AttemptFolder& folder) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execl(SHEAF_SHIM_PROGRAM, "sheaf-shim", folder.path.c_str(), nullptr);
      ::_exit(1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
  }

  static constexpr const char* kTask = "echo \"<$SHEAF_ATTEMPT_ID>\" >> ledger";
};

INSTANTIATE_TEST_SUITE_P(Paths,
                         KillPoints,
                         testing::Values(CgroupUse::kWherePossible, CgroupUse::kNever),
                         name_of);

// Runs past `count` system calls; false if the shim ended before.
bool advance(TracedShim& shim, int count) {
  for (int step = 0; step < count; ++step) {
    if (!shim.step()) {
      return false;
    }
  }
  return true;
}

TEST_P(KillPoints, AKilledShimNeverMakesATaskRunTwiceOrUnseen) {
  std::map<AttemptState, int> verdicts;
  bool killed = true;
  for (int steps = 0; killed; ++steps) {
    const AttemptFolder folder = prepare(kTask);
    TracedShim shim(folder);
    killed = advance(shim, steps);
    shim.kill();
    const auto settled = runner().settle(folder.attempt, kPatience);
    ASSERT_TRUE(settled) << settled.error().message;
    EXPECT_TRUE(settled->tree_empty) << "killed at step " << steps;
    const std::size_t ran = runs(folder);
    ++verdicts[settled->state];
    switch (settled->state) {
      case AttemptState::kNeverRan:
        EXPECT_EQ(ran, 0u) << "killed at step " << steps;
        break;
      case AttemptState::kShimDied:
        EXPECT_LE(ran, 1u) << "killed at step " << steps;
        break;
      case AttemptState::kFinished:
        EXPECT_EQ(ran, 1u) << "killed at step " << steps;
        EXPECT_EQ(settled->exit.value_or(ExitRecord{}).exit_code, 0);
        break;
      case AttemptState::kNotStarted:
      case AttemptState::kRunning:
      case AttemptState::kRebooted:
        FAIL() << "killed at step " << steps;
    }
    EXPECT_EQ(run_second_shim(folder), kShimRefused) << "killed at step " << steps;
    EXPECT_EQ(runs(folder), ran) << "killed at step " << steps;
    const auto spec = content_of(folder.path / kShimSpecFile);
    EXPECT_TRUE(runner().remove(folder.attempt));
    const auto cgroup = find_spec_field(spec, "cgroup").value_or("");
    EXPECT_TRUE(cgroup.empty() || !std::filesystem::exists(cgroup)) << "killed at step " << steps;
  }
  std::cout << "kills: " << verdicts[AttemptState::kNeverRan] << " before the start, "
            << verdicts[AttemptState::kShimDied] << " while it ran, "
            << verdicts[AttemptState::kFinished] << " after the exit record\n";
  EXPECT_GT(verdicts[AttemptState::kNeverRan], 10);
  EXPECT_GT(verdicts[AttemptState::kShimDied], 10);
  EXPECT_GT(verdicts[AttemptState::kFinished], 0);
}

TEST_P(KillPoints, AnAgentThatSettlesBesideALiveShimAgreesWithIt) {
  std::map<AttemptState, int> verdicts;
  bool interrupted = true;
  for (int steps = 0; interrupted; ++steps) {
    const AttemptFolder folder = prepare(kTask);
    TracedShim shim(folder);
    interrupted = advance(shim, steps);
    const auto settled = runner().settle(folder.attempt, kPatience);
    ASSERT_TRUE(settled) << settled.error().message << " at step " << steps;
    ++verdicts[settled->state];
    const int status = shim.finish();
    if (settled->state == AttemptState::kNeverRan) {
      EXPECT_EQ(status, kShimRefused) << "at step " << steps;
      EXPECT_EQ(runs(folder), 0u) << "at step " << steps;
    } else {
      EXPECT_EQ(status, kShimDone) << "at step " << steps;
      EXPECT_EQ(runs(folder), 1u) << "at step " << steps;
      EXPECT_EQ(runner().read_exit(folder.attempt)->exit_code, 0);
    }
  }
  std::cout << "decisions: " << verdicts[AttemptState::kNeverRan] << " taken back, "
            << verdicts[AttemptState::kRunning] << " adopted, " << verdicts[AttemptState::kFinished]
            << " finished\n";
  EXPECT_GT(verdicts[AttemptState::kNeverRan], 10);
  EXPECT_GT(verdicts[AttemptState::kRunning], 10);
}

TEST_P(KillPoints, ExitRecordsAreSyncedWhereItIsWorthIt) {
  const auto syncs = [this](const std::string& script, SyncPolicy policy) {
    TracedShim shim(prepare(script, policy));
    EXPECT_EQ(shim.finish(), kShimDone);
    return shim.sync_count();
  };
  const std::string publish = "echo key=1 > $SHEAF_TASK_VALUES";
  EXPECT_EQ(syncs("true", SyncPolicy::kWorthwhile), 0);
  EXPECT_EQ(syncs(": > $SHEAF_TASK_VALUES", SyncPolicy::kWorthwhile), 0) << "no values";
  EXPECT_EQ(syncs(publish, SyncPolicy::kWorthwhile), 5) << "values, two logs, record, folder";
  EXPECT_EQ(syncs("sleep 1.1", SyncPolicy::kWorthwhile), 4) << "two logs, record, folder";
  EXPECT_EQ(syncs("true", SyncPolicy::kAlways), 4);
  EXPECT_EQ(syncs(publish, SyncPolicy::kNever), 0);
}

}  // namespace
}  // namespace sheaf::runner
