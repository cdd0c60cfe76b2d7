#include "worker/session/outcomes.h"

#include <gtest/gtest.h>

#include "common/base/limits.h"

namespace sheaf::session {
namespace {

TEST(ParseValues, TakesLinesOfKeyAndJsonAndTheLastOfAKey) {
  const auto values = parse_values("a=1\nb={\"x\": [1, 2]}\n\na=\"two\"\n");
  ASSERT_TRUE(values.has_value()) << values.error().message;
  EXPECT_EQ(*values,
            (std::vector<model::TaskValue>{{.key = "a", .json = "\"two\""},
                                           {.key = "b", .json = "{\"x\": [1, 2]}"}}));
}

TEST(ParseValues, NamesTheLineThatIsNone) {
  struct Case {
    std::string text;
    std::string problem;
  };
  const std::vector<Case> cases{
      {"a=1\nnonsense\n", "line 2: is not `key=json`"},
      {"=1\n", "line 1: is not `key=json`"},
      {"a=one\n", "line 1: has a value that is not JSON"},
      {"caf\xe9=1\n", "line 1: has a key that is not UTF-8"},
      {"a=\"caf\xe9\"\n", "line 1: has a value that is not JSON"},
      {"a=1", "the last line is cut short"},
      {"a=\"" + std::string(limits::kMaxTaskValueBytes, 'x') + "\"\n",
       "line 1: has a value of more than 48 KiB"},
      {std::string(300, 'k') + "=1\n", "line 1: has a key of more than 256 bytes"}};
  for (const Case& item : cases) {
    const auto values = parse_values(item.text);
    ASSERT_FALSE(values.has_value()) << item.problem;
    EXPECT_EQ(values.error().message, item.problem);
  }
}

TEST(ParseValues, HoldsTheLimitOfARun) {
  std::string text;
  for (int i = 0; i < 250; ++i) {
    text += "k" + std::to_string(i) + "=1\n";
  }
  EXPECT_TRUE(parse_values(text).has_value());
  EXPECT_TRUE(parse_values(text + "k7=2\n").has_value());
  EXPECT_FALSE(parse_values(text + "one_more=2\n").has_value());
}

TEST(LastLine, IsTheLastThatIsNotBlank) {
  EXPECT_EQ(last_line("Traceback\nValueError: bad\n\n  \n"), "ValueError: bad");
  EXPECT_EQ(last_line("only"), "only");
  EXPECT_EQ(last_line(" \n\n"), "");
}

}  // namespace
}  // namespace sheaf::session
