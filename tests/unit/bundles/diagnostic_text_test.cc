// How findings look to people and to programs.
#include "bundles/diagnostic_text.h"

#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

Diagnostic finding(std::string line, int column) {
  return {.severity = Severity::kError,
          .summary = "no such thing",
          .path = "a.b",
          .places = {{.file = "databricks.yml", .line = 12, .column = column}},
          .source_line = std::move(line),
          .detail = "Write another."};
}

TEST(DiagnosticText, ShowsTheLineWithACaretBelowTheColumn) {
  EXPECT_EQ(to_text(finding("  name: wine", 9)),
            "Error: no such thing\n"
            "  at a.b\n"
            "  in databricks.yml:12:9\n"
            "     |\n"
            "  12 |   name: wine\n"
            "     |         ^\n"
            "\n"
            "Write another.\n");
}

TEST(DiagnosticText, CountsCharactersAndNotBytes) {
  EXPECT_NE(to_text(finding("größe: 1", 8)).find("  12 | größe: 1\n     |        ^\n"),
            std::string::npos);
}

TEST(DiagnosticText, ShowsThePartOfALongLineAroundTheColumn) {
  const std::string line = std::string(200, 'a') + "X" + std::string(200, 'b');
  const std::string text = to_text(finding(line, 201));
  EXPECT_NE(text.find("  12 | …" + std::string(60, 'a') + "X" + std::string(39, 'b') + "…\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("     | " + std::string(61, ' ') + "^\n"), std::string::npos) << text;
}

TEST(DiagnosticText, SteersNoTerminalByWhatTheSourceHolds) {
  EXPECT_EQ(to_text(finding("a: \x1b[31m\tb", 1)).find('\x1b'), std::string::npos);
}

TEST(DiagnosticText, HasNoExcerptWhereNoSourceIsKnown) {
  Diagnostic diagnostic = finding("", 1);
  EXPECT_EQ(to_text(diagnostic).find('|'), std::string::npos);
  diagnostic.places.clear();
  diagnostic.source_line = "never shown";
  EXPECT_EQ(to_text(diagnostic).find("never shown"), std::string::npos);
}

TEST(DiagnosticText, IsColouredOnlyWhenAsked) {
  EXPECT_EQ(to_text(finding("a: 1", 1)).find('\x1b'), std::string::npos);
  EXPECT_TRUE(to_text(finding("a: 1", 1), TextStyle::kColoured).starts_with("\x1b[1;31mError"));
}

TEST(DiagnosticText, IsOneJsonObject) {
  EXPECT_EQ(to_json(finding("a: \"1\"", 4)),
            R"({"severity":"error","summary":"no such thing","path":"a.b",)"
            R"("places":[{"file":"databricks.yml","line":12,"column":4}],)"
            R"("source_line":"a: \"1\"","detail":"Write another."})");
}

TEST(DiagnosticText, TakesTheLineFromTheFileOfTheFirstPlace) {
  BundleFolder folder;
  folder.with("databricks.yml",
              "\xef\xbb\xbf"
              "bundle:\r\n  name: wine\r\nreources:\r\n  jobs: {}\r\n");
  const LoadedBundle bundle = folder.load();
  ASSERT_FALSE(bundle.diagnostics.empty());
  const auto unknown = std::ranges::find(bundle.diagnostics, "reources", &Diagnostic::path);
  ASSERT_NE(unknown, bundle.diagnostics.end());
  EXPECT_EQ(unknown->source_line, "reources:");
}

TEST(DiagnosticText, ReplacesWhatIsNoUtf8InTheSource) {
  BundleFolder folder;
  folder.with("databricks.yml", "bundle:\n  name: caf\xe9\n");
  const LoadedBundle bundle = folder.load();
  ASSERT_FALSE(bundle.diagnostics.empty());
  EXPECT_EQ(bundle.diagnostics.front().source_line, "  name: caf\uFFFD");
}

}  // namespace
}  // namespace sheaf::bundles
