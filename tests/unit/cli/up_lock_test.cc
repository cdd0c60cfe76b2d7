#include "cli/local/up_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/cli/temporary_folder.h"

namespace sheaf::cli {
namespace {

TEST(UpLock, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  {
    const auto first = UpLock::take(folder.path());
    ASSERT_TRUE(first);
    ASSERT_TRUE(first->write({}));
    const auto second = UpLock::take(folder.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())),
              std::string::npos);
  }
  EXPECT_TRUE(UpLock::take(folder.path()));
}

TEST(UpLock, WaitsForDaemonsThatAPredecessorLeft) {
  const TemporaryFolder folder;
  const auto own = os::find_process(::getpid());
  ASSERT_TRUE(own);
  {
    const auto killed = UpLock::take(folder.path());
    ASSERT_TRUE(killed->write({own->identity}));
  }
  const auto lock = UpLock::take(folder.path());
  const auto waited = lock->await_predecessors(Milliseconds{10});
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::kTimeout);
}

TEST(UpLock, TakesAReusedPidForNoDaemon) {
  const TemporaryFolder folder;
  auto other = os::find_process(::getpid())->identity;
  other.start_time += 1;
  const auto lock = UpLock::take(folder.path());
  ASSERT_TRUE(lock->write({other}));
  EXPECT_TRUE(lock->await_predecessors(Milliseconds{10}));
}

}  // namespace
}  // namespace sheaf::cli
