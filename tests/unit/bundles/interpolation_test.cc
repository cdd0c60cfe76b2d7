#include "bundles/interpolation.h"

#include <gtest/gtest.h>

#include "bundles/json_text.h"
#include "bundles/yaml_reader.h"

namespace sheaf::bundles {
namespace {

class Interpolation : public testing::Test {
 protected:
  // Resolves `use` within the configuration; variables are written with their values.
  std::string resolved(const std::string& configuration_text) {
    Value configuration =
        read_yaml(configuration_text, files_.add("a.yml"), findings_).value_or(Value{});
    const Value snapshot = configuration;
    Value* use = find(configuration, "use");
    Interpolator(snapshot, findings_).resolve(*use, "use");
    return to_compact_json(*use);
  }
  std::string only_error() {
    const auto all = findings_.in_reading_order();
    return all.size() == 1 ? all[0].summary : std::to_string(all.size()) + " findings";
  }

  SourceFiles files_;
  Findings findings_{files_, false};
};

TEST(FindReferences, KnowsItsGrammar) {
  const auto references = find_references("a ${var.x} ${bundle.git.branch}${var.a[0].b-c_d[1]}");
  ASSERT_EQ(references.size(), 3u);
  EXPECT_EQ(references[0].path, "var.x");
  EXPECT_EQ(references[0].offset, 2u);
  EXPECT_EQ(references[0].length, 8u);
  EXPECT_EQ(references[2].path, "var.a[0].b-c_d[1]");
}

TEST(FindReferences, LeavesTheRestAlone) {
  for (const char* text : {"${HOME}",
                           "$var.x",
                           "${if eq(var.x, 1)}",
                           "${target.x}",
                           "${var}",
                           "${var.}",
                           "${var.1a}",
                           "${var.x",
                           "${ var.x }",
                           "${var.x[a]}",
                           "{{job.id}}",
                           "${var.x y}"}) {
    EXPECT_TRUE(find_references(text).empty()) << text;
  }
}

TEST_F(Interpolation, AloneAReferenceKeepsItsKind) {
  EXPECT_EQ(resolved("variables: {n: {value: 5}, l: {value: [1, {a: b}]}}\n"
                     "use: [\"${var.n}\", \"${var.l}\", \"n=${var.n}\"]"),
            R"([5,[1,{"a":"b"}],"n=5"])");
}

TEST_F(Interpolation, ReferencesInReferencesResolve) {
  EXPECT_EQ(resolved("variables: {a: {value: \"${var.b}/a\"}, b: {value: \"${bundle.name}\"}}\n"
                     "bundle: {name: wine}\nuse: \"${var.a}\""),
            R"("wine/a")");
}

TEST_F(Interpolation, PathsReachIntoComplexVariables) {
  EXPECT_EQ(resolved("variables: {c: {value: {x: [{y: 1}, {y: 2}]}}, d: {value: \"${var.c}\"}}\n"
                     "use: [\"${var.c.x[1].y}\", \"${var.d.x[0].y}\"]"),
            "[2,1]");
}

TEST_F(Interpolation, ListsCannotStandInText) {
  resolved("variables: {l: {value: [1]}}\nuse: \"x${var.l}\"");
  EXPECT_EQ(only_error(), "${var.l} is a list and cannot stand inside a text");
}

TEST_F(Interpolation, CyclesAreShown) {
  resolved("variables: {a: {value: \"${var.b}\"}, b: {value: \"${var.a}\"}}\nuse: \"${var.a}\"");
  EXPECT_EQ(only_error(), "references go round in a circle: ${var.a} → ${var.b} → ${var.a}");
}

TEST_F(Interpolation, LongChainsAreRefused) {
  std::string text = "variables:\n  v0: {value: end}\n";
  for (int i = 1; i <= 12; ++i) {
    text += "  v" + std::to_string(i) + ": {value: \"${var.v" + std::to_string(i - 1) + "}\"}\n";
  }
  resolved(text + "use: \"${var.v12}\"");
  EXPECT_EQ(only_error(), "more than 11 references within each other");
}

TEST_F(Interpolation, ElevenReferencesWithinEachOtherAreFine) {
  std::string text = "variables:\n  v0: {value: end}\n";
  for (int i = 1; i <= 10; ++i) {
    text += "  v" + std::to_string(i) + ": {value: \"${var.v" + std::to_string(i - 1) + "}\"}\n";
  }
  EXPECT_EQ(resolved(text + "use: \"${var.v10}\""), "\"end\"");
}

TEST_F(Interpolation, BombsOfTextAreRefused) {
  std::string text = "variables:\n  v0: {value: " + std::string(1000, 'x') + "}\n";
  for (int i = 1; i <= 9; ++i) {
    text += "  v" + std::to_string(i) + ": {value: \"";
    for (int j = 0; j < 10; ++j) {
      text += "${var.v" + std::to_string(i - 1) + "}";
    }
    text += "\"}\n";
  }
  resolved(text + "use: \"${var.v9}\"");
  EXPECT_NE(only_error().find("longer than"), std::string::npos) << only_error();
}

TEST_F(Interpolation, BombsOfListsAreRefused) {
  std::string text = "variables:\n  v0: {value: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}\n";
  for (int i = 1; i <= 9; ++i) {
    text += "  v" + std::to_string(i) + ": {value: [";
    for (int j = 0; j < 10; ++j) {
      text += std::string(j == 0 ? "" : ", ") + "\"${var.v" + std::to_string(i - 1) + "}\"";
    }
    text += "]}\n";
  }
  resolved(text + "use: \"${var.v9}\"");
  EXPECT_NE(only_error().find("references expand to more than"), std::string::npos) << only_error();
}

TEST_F(Interpolation, UnknownNamesSayWhatIsNear) {
  resolved("workspace: {file_path: /x}\nuse: \"${workspace.file_pat}\"");
  EXPECT_EQ(only_error(), "${workspace.file_pat} leads nowhere; did you mean \"file_path\"?");
}

TEST_F(Interpolation, ResolvedValuesRememberUseAndDefinition) {
  Value configuration = *read_yaml(
      "variables:\n  a:\n    value: 5\nuse:\n  - ${var.a}\n", files_.add("a.yml"), findings_);
  const Value snapshot = configuration;
  Value* use = find(configuration, "use");
  Interpolator(snapshot, findings_).resolve(*use, "use");
  const std::vector<Location> places = places_of(use->items[0]);
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].line, 5);
  EXPECT_EQ(places[1].line, 3);
}

}  // namespace
}  // namespace sheaf::bundles
