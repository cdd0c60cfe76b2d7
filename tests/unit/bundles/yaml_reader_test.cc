#include "bundles/yaml_reader.h"

#include <gtest/gtest.h>

#include "bundles/json_text.h"

namespace sheaf::bundles {
namespace {

struct Read {
  SourceFiles files;
  Findings findings{files, false};
  std::optional<Value> value;

  explicit Read(const std::string& text) { value = read_yaml(text, files.add("a.yml"), findings); }

  [[nodiscard]] std::string first_error() const {
    const auto all = findings.in_reading_order();
    if (all.empty()) {
      return "";
    }
    const SourcePlace& place = all[0].places.at(0);
    return std::to_string(place.line) + ":" + std::to_string(place.column) + " " + all[0].summary;
  }
  [[nodiscard]] std::string place(const std::string& path) const {
    const Location& found = follow(*value, path).value->place;
    return std::to_string(found.line) + ":" + std::to_string(found.column);
  }
};

std::string json_of(const std::string& text) {
  const Read read(text);
  EXPECT_EQ(read.first_error(), "") << text;
  return read.value ? to_compact_json(*read.value) : "";
}

TEST(ReadYaml, KnowsTheKindsOfScalars) {
  EXPECT_EQ(json_of("a: [1, -2, 1.5, 1e3, true, False, x, '1', yes, ~, 0x10, 1.2.3, .5, 007]"),
            R"({"a":[1,-2,1.5,1e3,true,false,"x","1","yes",null,"0x10","1.2.3",".5",7]})");
  EXPECT_EQ(json_of("a: !!str 1\nb: !!int 2"), R"({"a":"1","b":2})");
}

TEST(ReadYaml, KeepsPlacesInCharacters) {
  const Read read("ä: 1\nlist:\n  - k: {ü: x, b: \"é\"}\n  -   y\n");
  EXPECT_EQ(read.place("ä"), "1:4");
  EXPECT_EQ(read.place("list[0].k.b"), "3:18");
  EXPECT_EQ(read.place("list[1]"), "4:7");
}

TEST(ReadYaml, ToleratesMarksCarriageReturnsAndMissingNewlines) {
  const Read read(
      "\xef\xbb\xbf"
      "a: 1\r\nb:\r\n  c: 2");
  EXPECT_EQ(read.first_error(), "");
  EXPECT_EQ(to_compact_json(*read.value), R"({"a":1,"b":{"c":2}})");
  EXPECT_EQ(read.place("a"), "1:4");
  EXPECT_EQ(read.place("b.c"), "3:6");
}

TEST(ReadYaml, AnEmptyFileIsAnEmptyMap) {
  EXPECT_EQ(json_of(""), "{}");
  EXPECT_EQ(json_of("# nothing\n"), "{}");
}

TEST(ReadYaml, ReadsJson) {
  EXPECT_EQ(json_of("{\"a\":\n\t[1, {\"b\": \"\\u00fc\"}]}"), "{\"a\":[1,{\"b\":\"ü\"}]}");
}

TEST(ReadYaml, ExpandsAnchorsAndMergesMaps) {
  EXPECT_EQ(json_of("base: &base {a: 1, b: 2}\njob:\n  b: 3\n  <<: *base\n"),
            R"({"base":{"a":1,"b":2},"job":{"a":1,"b":3}})");
  EXPECT_EQ(json_of("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz:\n  <<: [*x, *y]\n"),
            R"({"x":{"a":1},"y":{"a":2,"b":2},"z":{"a":1,"b":2}})");
  EXPECT_EQ(json_of("a: {'<<': 1}"), R"({"a":{"<<":1}})");
}

TEST(ReadYaml, AliasesRememberBothPlaces) {
  const Read read("a: &a\n  k: v\nb: *a\n");
  const Value& alias = *follow(*read.value, "b").value;
  EXPECT_EQ(alias.place, (Location{.file = 0, .line = 3, .column = 4}));
  EXPECT_EQ(alias.other_places.at(0).line, 1);
  EXPECT_TRUE(follow(*read.value, "a").value->is_anchored);
  EXPECT_FALSE(alias.is_anchored);
}

TEST(ReadYaml, RefusesWhatIsAmbiguous) {
  EXPECT_EQ(Read("a: 1\nb: 2\na: 3\n").first_error(), "3:1 the key \"a\" is given twice");
  EXPECT_EQ(Read("x: &x {a: 1}\nb:\n  <<: *x\n  <<: *x\n").first_error(),
            "4:3 the key \"<<\" is given twice");
  EXPECT_EQ(Read("a: {<<: 1}").first_error(), "1:9 `<<` merges maps, but here stands an integer");
  EXPECT_EQ(Read("a: 1\n---\nb: 2\n").first_error(),
            "2:1 not readable as YAML: a second document; a bundle's file holds one");
  EXPECT_EQ(Read("a: !env HOME").first_error(),
            "1:4 not readable as YAML: the tag !env has no meaning here");
  EXPECT_NE(Read("[1]: 2").first_error(), "");
  EXPECT_NE(Read("~: 2").first_error(), "");
}

TEST(ReadYaml, SaysThatBracesEndUnquotedText) {
  const Read read("schedule: {cron: 0 0 3 * * ?, zone: UTC}");
  EXPECT_EQ(read.first_error(), "1:28 not readable as YAML: unknown token");
  EXPECT_NE(read.findings.in_reading_order().at(0).detail.find("Put quotes around"),
            std::string::npos);
}

TEST(ReadYaml, ReportsEveryDuplicateKey) {
  EXPECT_EQ(Read("a: 1\na: 2\nb: {c: 1, c: 2}\n").findings.in_reading_order().size(), 2u);
}

TEST(ReadYaml, RefusesQuotesThatAreNeverClosed) {
  EXPECT_EQ(Read("a: 'x\nb: 1\n").first_error(),
            "1:4 not readable as YAML: a quote that is never closed");
  EXPECT_EQ(Read("a: \"x\\\"\nb: 1\n").first_error(),
            "1:4 not readable as YAML: a quote that is never closed");
  EXPECT_EQ(Read("a: 'it''s'\nb: \"a\\\\\"\n").first_error(), "");
}

TEST(ReadYaml, HoldsItsLimits) {
  const std::string deep(70, '[');
  EXPECT_NE(Read(deep + std::string(70, ']')).first_error().find("nested deeper than 64"),
            std::string::npos);
  EXPECT_NE(Read(std::string(100'000, '[')).first_error(), "");
  EXPECT_EQ(Read(std::string(60, '[') + std::string(60, ']')).first_error(), "");
  EXPECT_NE(Read("a: " + std::string(2u << 20, 'x')).first_error().find("a text of more than"),
            std::string::npos);
}

TEST(ReadYaml, CountsTheDepthBehindAliases) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  EXPECT_NE(Read(text).first_error().find("nested deeper than 64"), std::string::npos);
}

TEST(ReadYaml, RefusesAliasBombs) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) {
      text += (j == 0 ? "" : ", ") + before;
    }
    text += "]\n";
  }
  EXPECT_NE(Read(text).first_error().find("aliases expanded"), std::string::npos);
}

TEST(ReadYaml, RefusesAnchorsThatContainThemselves) {
  EXPECT_NE(Read("a: &a [1, *a]").first_error().find("contains itself"), std::string::npos);
  EXPECT_NE(Read("a: &a {b: *a}").first_error().find("contains itself"), std::string::npos);
  EXPECT_NE(Read("a: *b").first_error().find("anchor is not defined"), std::string::npos);
}

}  // namespace
}  // namespace sheaf::bundles
