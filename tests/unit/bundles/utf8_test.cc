#include "bundles/utf8.h"

#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

TEST(Utf8, TakesWhatTheStandardTakes) {
  for (const char* text :
       {"", "plain", "grün", "\u07ff\u0800\ud7ff\ue000\uffff", "\U00010000\U0010ffff"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, FindsTheFirstMalformedByte) {
  EXPECT_EQ(find_malformed("gr\xfcn"), 2u);
  EXPECT_EQ(find_malformed("\x80"), 0u) << "a continuation alone";
  EXPECT_EQ(find_malformed("a\xc3"), 1u) << "cut off";
  EXPECT_EQ(find_malformed("\xc0\xaf"), 0u) << "overlong";
  EXPECT_EQ(find_malformed("\xe0\x80\xaf"), 0u) << "overlong";
  EXPECT_EQ(find_malformed("ü\xed\xa0\x80"), 2u) << "a surrogate";
  EXPECT_EQ(find_malformed("\xf4\x90\x80\x80"), 0u) << "behind the last character";
}

TEST(Utf8, IsWantedOfVariablesFromOutside) {
  BundleFolder folder;
  folder.with_root("variables: {a: {default: x}, b: {default: x}}\n" + a_job());
  LoadOptions options = folder.options();
  options.variables = {{"a", "gr\xfcn"}};
  options.environment = {{"BUNDLE_VAR_b", "gr\xfcn"}};
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_TRUE(has_finding(bundle, "--var a: the text is not UTF-8"));
  EXPECT_TRUE(has_finding(bundle, "BUNDLE_VAR_b: the text is not UTF-8"));
}

}  // namespace
}  // namespace sheaf::bundles
