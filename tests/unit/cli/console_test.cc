#include "cli/console.h"

#include <gtest/gtest.h>

#include "bundles/utf8.h"

namespace sheaf::cli {
namespace {

TEST(Table, PadsEachColumnToItsWidestCell) {
  Table table({"RUN", "JOB"});
  table.add({"7", "wine"});
  table.add({"12345", "grüße"});
  EXPECT_EQ(table.text(),
            "RUN    JOB\n"
            "7      wine\n"
            "12345  grüße\n");
}

TEST(Table, LetsNoCellSteerTheTerminal) {
  Table table({"A"});
  table.add({"x\x1b[2Jy\nz"});
  EXPECT_EQ(table.text(), "A\nx [2Jy z\n");
}

TEST(Shortened, CutsBehindCharactersAndCleansThem) {
  EXPECT_EQ(shortened("wine", 4), "wine");
  EXPECT_EQ(shortened("wines", 4), "wine…");
  EXPECT_EQ(shortened("大小小大", 3), "大小小…");
  EXPECT_EQ(shortened("größe", 5), "größe");
  EXPECT_EQ(shortened("a\x1b[2J", 3), "a […");
  EXPECT_EQ(shortened("", 3), "");
}

TEST(Duration, ChangesItsUnitAsItGrows) {
  EXPECT_EQ(duration_text(Milliseconds{0}), "0.0 s");
  EXPECT_EQ(duration_text(Milliseconds{3'449}), "3.4 s");
  EXPECT_EQ(duration_text(Milliseconds{59'999}), "59.9 s");
  EXPECT_EQ(duration_text(Milliseconds{245'000}), "4 min 05 s");
  EXPECT_EQ(duration_text(Milliseconds{3'600'000 * 30 + 7 * 60'000}), "30 h 07 min");
  EXPECT_EQ(duration_text(Milliseconds{-5}), "0.0 s");
}

TEST(Span, RunsUntilNowWithoutAnEnd) {
  EXPECT_EQ(span_text(0, 0, from_epoch_ms(9'000)), "-");
  EXPECT_EQ(span_text(1'000, 0, from_epoch_ms(9'000)), "8.0 s");
  EXPECT_EQ(span_text(1'000, 3'000, from_epoch_ms(9'000)), "2.0 s");
}

TEST(Time, IsRfc3339OrADash) {
  EXPECT_EQ(time_text(1'769'760'000'999), "2026-01-30T08:00:00Z");
  EXPECT_EQ(time_text(0), "-");
}

TEST(ValidText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(bundles::valid_text("plain ü €"), "plain ü €");
  EXPECT_EQ(bundles::valid_text("a\xff"
                                "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(bundles::valid_text("\xC3"), "\xEF\xBF\xBD");
  EXPECT_EQ(bundles::valid_text("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace sheaf::cli
