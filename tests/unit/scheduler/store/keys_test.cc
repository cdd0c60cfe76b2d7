#include "scheduler/store/keys.h"

#include <gtest/gtest.h>

namespace sheaf::store {
namespace {

TEST(Keys, SortAsTheirNumbers) {
  EXPECT_LT(Key(Table::kRun).id(RunId{255}).bytes(), Key(Table::kRun).id(RunId{256}).bytes());
  EXPECT_LT(events_key(RunId{1}, 1'000).bytes(), events_key(RunId{2}, 1).bytes());
  EXPECT_LT(page_key(Table::kTasks, RunId{7}, 2).bytes(),
            page_key(Table::kTasks, RunId{7}, 10).bytes());
  EXPECT_LT(pending_alert_key(from_epoch_ms(-1), AlertId{9}).bytes(),
            pending_alert_key(from_epoch_ms(1), AlertId{1}).bytes());
}

TEST(Keys, GiveTheirNumbersBack) {
  const Key key = Key(Table::kRunByJob).id(JobId{7}).id(RunId{kMaxPublicId});
  EXPECT_EQ(id_in_key<JobId>(key.bytes(), 0), JobId{7});
  EXPECT_EQ(id_in_key<RunId>(key.bytes(), 1), RunId{kMaxPublicId});
  EXPECT_FALSE(id_in_key<RunId>(key.bytes(), 2).is_valid());
}

TEST(Keys, KeepNamesApart) {
  EXPECT_NE(deployment_name_key("wine", "dev").bytes(), deployment_name_key("win", "edev").bytes());
}

TEST(Keys, EndAPrefixAfterItsLastKey) {
  const Key prefix = Key(Table::kTasks).id(RunId{0xFF});
  const std::string end = prefix.end_of_prefix();
  EXPECT_LT(page_key(Table::kTasks, RunId{0xFF}, UINT32_MAX).bytes(), end);
  EXPECT_LE(end, Key(Table::kTasks).id(RunId{0x100}).bytes());
}

TEST(Keys, ReadWellInMessages) {
  EXPECT_EQ(describe_key(Key(Table::kReceipt).text("token/a\n").bytes()), "qtoken/a\\0a");
}

}  // namespace
}  // namespace sheaf::store
