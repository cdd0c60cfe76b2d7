#include "bundles/merge.h"

#include <gtest/gtest.h>

#include "bundles/json_text.h"
#include "bundles/yaml_reader.h"

namespace sheaf::bundles {
namespace {

class Merging : public testing::Test {
 protected:
  Value read(const std::string& text) {
    return read_yaml(text, files_.add("f" + std::to_string(count_++)), findings_).value_or(Value{});
  }
  std::string merged(const std::string& base_text, const std::string& overlay_text) {
    Value base = read(base_text);
    merge(base, read(overlay_text), "", findings_);
    return to_compact_json(base);
  }
  std::vector<Diagnostic> diagnostics() { return findings_.in_reading_order(); }

  SourceFiles files_;
  Findings findings_{files_, false};
  int count_ = 0;
};

TEST_F(Merging, MapsMergeAndLaterScalarsWin) {
  EXPECT_EQ(merged("a: {b: 1, c: 2}", "a: {c: 3, d: 4}\ne: 5"),
            R"({"a":{"b":1,"c":3,"d":4},"e":5})");
  EXPECT_EQ(merged("a: 1", "a: text"), R"({"a":"text"})");
}

TEST_F(Merging, ListsConcatenate) {
  EXPECT_EQ(merged("a: [1, 2]", "a: [3]"), R"({"a":[1,2,3]})");
}

TEST_F(Merging, NullsLose) {
  EXPECT_EQ(merged("a: 1\nb:", "a:\nb: 2"), R"({"a":1,"b":2})");
}

TEST_F(Merging, DifferentKindsAreAnErrorWithBothPlaces) {
  EXPECT_EQ(merged("a: {b: [1]}", "a: {b: {c: 1}}"), R"({"a":{"b":[1]}})");
  ASSERT_EQ(diagnostics().size(), 1u);
  EXPECT_EQ(diagnostics()[0].path, "a.b");
  const std::vector<SourcePlace> places = {{"f1", 1, 8}, {"f0", 1, 8}};
  EXPECT_EQ(diagnostics()[0].places, places);
}

TEST_F(Merging, OverriddenScalarsRememberWhereTheyStood) {
  Value base = read("a: 1");
  merge(base, read("a: 2"), "", findings_);
  const std::vector<Location> places = places_of(*find(base, "a"));
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].file, 1);
  EXPECT_EQ(places[1].file, 0);
}

TEST_F(Merging, OverridesJoinWhatHasTheirKey) {
  Value base = read("tasks: [{k: b, x: 1, l: [1]}, {k: a}]");
  Value overlay = read("tasks: [{k: b, x: 2, l: [2]}, {k: c}]");
  mark_as_override(overlay);
  merge(base, std::move(overlay), "", findings_);
  Value& tasks = *find(base, "tasks");
  merge_by_key(tasks, "k", "tasks", findings_);
  sort_by_key(tasks, "k");
  EXPECT_TRUE(diagnostics().empty());
  EXPECT_EQ(to_compact_json(tasks), R"([{"k":"a"},{"k":"b","l":[1,2],"x":2},{"k":"c"}])");
}

TEST_F(Merging, EqualKeysOfOneOriginAreAnError) {
  Value base = read("tasks: [{k: a}, {k: b}, {k: a}]");
  merge_by_key(*find(base, "tasks"), "k", "tasks", findings_);
  ASSERT_EQ(diagnostics().size(), 1u);
  EXPECT_EQ(diagnostics()[0].summary, "the k \"a\" is used twice");
}

TEST_F(Merging, ElementsWithoutAKeyStayAndComeLast) {
  Value base = read("tasks: [{x: 1}, text, {k: b}, {k: a}]");
  Value& tasks = *find(base, "tasks");
  merge_by_key(tasks, "k", "tasks", findings_);
  sort_by_key(tasks, "k");
  EXPECT_EQ(to_compact_json(tasks), R"([{"k":"a"},{"k":"b"},{"x":1},"text"])");
}

}  // namespace
}  // namespace sheaf::bundles
