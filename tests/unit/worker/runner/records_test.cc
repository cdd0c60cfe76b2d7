#include "worker/runner/records.h"

#include <gtest/gtest.h>

namespace sheaf::runner {
namespace {

constexpr std::string_view kExit =
    "sheaf-shim-exit 1\nattempt=7\nboot_id=b\nended_by=signal\nexit_code=-1\nsignal=9\n"
    "timed_out=1\ncancelled=0\nleft_children=0\ntree_empty=1\nout_of_memory=-1\n"
    "ended_realtime_ms=1700000000123\nended_boottime_ms=55\nuser_us=10\nsystem_us=20\n"
    "max_rss_bytes=4096\nfailed_step=\nfailed_error=0\nfailed_subject=\nend\n";

TEST(ExitRecord, IsReadWhole) {
  const auto record = parse_exit_record(kExit);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->attempt, AttemptId{7});
  EXPECT_EQ(record->ended_by, EndedBy::kSignal);
  EXPECT_EQ(record->signal, 9);
  EXPECT_TRUE(record->timed_out);
  EXPECT_EQ(record->out_of_memory, std::nullopt);
  EXPECT_EQ(to_epoch_ms(record->ended), 1'700'000'000'123);
  EXPECT_EQ(record->error, "");
}

TEST(ExitRecord, IsRefusedWhereverItIsTorn) {
  for (std::size_t size = 0; size < kExit.size(); ++size) {
    const auto record = parse_exit_record(kExit.substr(0, size));
    ASSERT_FALSE(record) << "torn at " << size;
    EXPECT_EQ(record.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(parse_exit_record(std::string(kExit.size(), '\0')));
  EXPECT_FALSE(parse_exit_record(std::string(kExit) + "more\n"));
}

TEST(ExitRecord, IsRefusedWithForeignValues) {
  std::string text(kExit);
  text.replace(text.find("=signal"), 7, "=magic?");
  EXPECT_FALSE(parse_exit_record(text));
  text = kExit;
  text.replace(text.find("=9"), 2, "=x");
  EXPECT_FALSE(parse_exit_record(text));
  EXPECT_FALSE(parse_start_record(kExit));
}

TEST(StartRecord, IsReadWhole) {
  const auto record = parse_start_record(
      "sheaf-shim-started 1\nattempt=7\nboot_id=b\nshim_pid=1\nshim_start_time=2\nmain_pid=3\n"
      "main_start_time=18446744073709551615\nstarted_realtime_ms=5\nstarted_boottime_ms=6\n"
      "cgroup=/sys/a=b\nend\n");
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->shim, (os::ProcessIdentity{.pid = 1, .start_time = 2}));
  EXPECT_EQ(record->main.start_time, ~std::uint64_t{0});
  EXPECT_EQ(record->cgroup, "/sys/a=b");
}

}  // namespace
}  // namespace sheaf::runner
