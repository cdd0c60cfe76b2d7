#include "common/base/printable.h"

#include <gtest/gtest.h>

namespace sheaf {
namespace {

TEST(Printable, LeavesNoControlCharacterAndNothingElseOut) {
  EXPECT_EQ(printable("wine"), "wine");
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable("a\x1b[31mb\x7f\n\t"), "a [31mb   ");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "31m"),
            "a 31m");
  EXPECT_EQ(printable("gr\xC3\xB6\xC3\x9F"
                      "e \xC2\xA0\xE5\xA4\xA7"),
            "gr\xC3\xB6\xC3\x9F"
            "e \xC2\xA0\xE5\xA4\xA7");
  EXPECT_EQ(printable("cut off \xC2"), "cut off \xC2");
}

TEST(Printable, KeepsLinesWhereAsked) {
  EXPECT_EQ(printable_lines("a\nb\r\n\x1b"), "a\nb \n ");
}

}  // namespace
}  // namespace sheaf
