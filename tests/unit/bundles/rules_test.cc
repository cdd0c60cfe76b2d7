// Each rule of the bundle language is proved by something that keeps it and something that breaks
// it, and each bundle of tests/bundles proves a rule: tests/bundles/rules.yml is the table.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "bundles/yaml_reader.h"

namespace sheaf::bundles {
namespace {

namespace fs = std::filesystem;

Value table() {
  std::ostringstream text;
  text << std::ifstream("tests/bundles/rules.yml").rdbuf();
  SourceFiles files;
  Findings findings(files, false);
  return read_yaml(text.str(), files.add("rules.yml"), findings).value_or(Value{});
}

std::set<std::string> tests_of_this_suite() {
  std::set<std::string> names;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
    }
  }
  return names;
}

std::set<std::string> folders_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

// What the rules name below `side`; each must be one of `folders` or a test.
std::set<std::string> named(const Value& rules,
                            const std::string& side,
                            const std::set<std::string>& folders) {
  const std::set<std::string> tests = tests_of_this_suite();
  std::set<std::string> names;
  for (const Member& rule : rules.members) {
    const Value* proofs = find(rule.value, side);
    EXPECT_TRUE(proofs != nullptr && !proofs->items.empty()) << rule.key << " has nothing " << side;
    for (const Value& proof : proofs == nullptr ? std::vector<Value>{} : proofs->items) {
      const std::set<std::string>& known =
          proof.text.find('.') == std::string::npos ? folders : tests;
      EXPECT_TRUE(known.contains(proof.text)) << rule.key << ": there is no " << proof.text;
      names.insert(proof.text);
    }
  }
  return names;
}

TEST(Rules, AreProvedBothWaysAndEveryBundleProvesOne) {
  const Value rules = table();
  EXPECT_GT(rules.members.size(), 80u);
  for (const auto& [side, folder] :
       {std::pair("good", "tests/bundles/good"), std::pair("bad", "tests/bundles/malformed")}) {
    const std::set<std::string> folders = folders_in(folder);
    const std::set<std::string> proofs = named(rules, side, folders);
    for (const std::string& name : folders) {
      EXPECT_TRUE(proofs.contains(name)) << folder << "/" << name << " belongs to no rule";
    }
  }
}

}  // namespace
}  // namespace sheaf::bundles
