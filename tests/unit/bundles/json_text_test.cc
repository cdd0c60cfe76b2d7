#include "bundles/json_text.h"

#include <gtest/gtest.h>

#include "bundles/scalars.h"

namespace sheaf::bundles {
namespace {

TEST(JsonText, SortsKeysAndLeavesNullsOut) {
  Value map = make_map();
  put(map, "b", make_integer(1));
  put(map, "a", make_string("x\n\"ü"));
  put(map, "c", Value{});
  EXPECT_EQ(to_compact_json(map), "{\"a\":\"x\\n\\\"ü\",\"b\":1}");
  EXPECT_EQ(to_indented_json(map), "{\n  \"a\": \"x\\n\\\"ü\",\n  \"b\": 1\n}\n");
}

TEST(JsonText, WritesNumbersThatJsonDoesNotKnowAsText) {
  Value list = make_list();
  for (const char* text : {"1.50", ".5", "1.", "1e5", "+7", "99999999999999999999"}) {
    list.items.push_back(plain_scalar(text));
  }
  EXPECT_EQ(to_compact_json(list), R"([1.50,".5","1.",1e5,7,"99999999999999999999"])");
}

TEST(JsonText, KeepsEmptyContainersShort) {
  Value map = make_map();
  put(map, "a", make_list());
  put(map, "b", make_map());
  EXPECT_EQ(to_indented_json(map), "{\n  \"a\": [],\n  \"b\": {}\n}\n");
}

}  // namespace
}  // namespace sheaf::bundles
