#include "common/wire/text.h"

#include <gtest/gtest.h>

namespace sheaf::wire {
namespace {

TEST(Utf8, AcceptsEveryLengthOfCharacter) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("\xC3\xBC \xE2\x82\xAC \xF0\x9F\x8D\xB7"));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));  // The last code point.
}

TEST(Utf8, RefusesWhatTheStandardCallsIllFormed) {
  EXPECT_FALSE(is_utf8("\x80"));              // A continuation without a start.
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // Overlong slash.
  EXPECT_FALSE(is_utf8("\xE0\x9F\xBF"));      // Overlong.
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // A surrogate.
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // Above U+10FFFF.
  EXPECT_FALSE(is_utf8("ab\xE2\x82"));        // Cut off.
}

TEST(Utf8, ClipsBetweenCharacters) {
  EXPECT_EQ(clip_to_utf8("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(clip_to_utf8("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(clip_to_utf8("abc", 0), "");
}

TEST(Utf8, ReplacesMalformedBytesOneByOne) {
  EXPECT_EQ(clip_to_utf8("a\xFF\x80z", 100), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_TRUE(is_utf8(clip_to_utf8("\xF0\x9F\x8D", 100)));
}

}  // namespace
}  // namespace sheaf::wire
