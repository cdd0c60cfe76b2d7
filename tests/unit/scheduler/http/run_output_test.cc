#include "scheduler/http/run_output.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace sheaf::http {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

TEST(RunOutput, ReplacesWhatIsNoUtf8) {
  const std::string bad(kReplacement);
  EXPECT_EQ(to_valid_utf8("plain\n"), "plain\n");
  EXPECT_EQ(to_valid_utf8("grün €  😀"), "grün €  😀");
  EXPECT_EQ(to_valid_utf8("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(to_valid_utf8("\xC3"), bad);
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), bad + bad) << "overlong";
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), bad + bad + bad) << "surrogate";
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"), bad + bad + bad + bad) << "above U+10FFFF";
  EXPECT_EQ(to_valid_utf8("\xE2\x82x"), bad + bad + "x");
}

TEST(RunOutput, AFailureShowsItsLastLine) {
  const auto shown =
      output_view({.stdout_tail = "one\n", .stderr_tail = "Traceback\nError: x\n \n"},
                  TaskEnd::kFailed,
                  "exit code 1");
  EXPECT_EQ(shown.at("logs").as_string(), "one\nTraceback\nError: x\n \n");
  EXPECT_EQ(shown.at("error").as_string(), "Error: x");
  EXPECT_EQ(shown.at("error_trace").as_string(), "Traceback\nError: x\n \n");
  const auto silent = output_view({.stdout_tail = "one\n"}, TaskEnd::kFailed, "exit code 1");
  EXPECT_EQ(silent.at("error").as_string(), "exit code 1");
  EXPECT_FALSE(output_view({}, TaskEnd::kOther, "x").contains("error"));
}

TEST(RunOutput, ShowsTheEndOfLongLogs) {
  const auto shown =
      output_view({.stdout_tail = std::string(kMaxShownLogBytes, 'o'), .stderr_tail = "end"},
                  TaskEnd::kOther,
                  "");
  EXPECT_TRUE(shown.at("logs_truncated").as_bool());
  EXPECT_EQ(shown.at("logs").as_string().size(), kMaxShownLogBytes);
  EXPECT_TRUE(shown.at("logs").as_string().ends_with("oend"));
  EXPECT_TRUE(output_view({.is_cut = true}, TaskEnd::kOther, "").at("logs_truncated").as_bool());
}

}  // namespace
}  // namespace sheaf::http
