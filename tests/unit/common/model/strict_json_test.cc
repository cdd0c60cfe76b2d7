#include "common/model/strict_json.h"

#include <string>

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

std::string error_of(std::string_view text) {
  const auto value = parse_strict_json(text, 1'000);
  return value ? std::string() : value.error().message;
}

TEST(StrictJson, ReadsAValue) {
  const auto value = parse_strict_json(R"({"a": [1, true, "x"], "b": {"a": null}})", 1'000);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("a").at(0).as_int64(), 1);
}

TEST(StrictJson, RefusesDuplicateKeysWithTheirPlace) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\": 2, \"a\": 3}"),
            "the key \"a\" is given twice in one object, at line 2, column 12");
  EXPECT_NE(error_of(R"([{"x": {"k": 1, "k": 1}}])"), "");
  EXPECT_NE(error_of(R"({"a\u0062": 1, "ab": 2})"), "");
}

TEST(StrictJson, EqualKeysOfDifferentObjectsAreFine) {
  EXPECT_EQ(error_of(R"([{"k": 1}, {"k": {"k": 2}}])"), "");
}

TEST(StrictJson, RefusesDeepNesting) {
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  EXPECT_NE(error_of(deep).find("nested deeper than 64"), std::string::npos);
  EXPECT_EQ(error_of(std::string(60, '[') + std::string(60, ']')), "");
}

TEST(StrictJson, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "{'a': 1}", "nan", "{\"a\": 1} x", "[1,]", "{\"a\": 01}"}) {
    EXPECT_NE(error_of(text), "") << text;
  }
}

TEST(StrictJson, RefusesLargeDocuments) {
  const auto value = parse_strict_json("\"" + std::string(2'000, 'a') + "\"", 1'000);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace sheaf::model
