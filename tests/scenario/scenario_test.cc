// Every tests/scenario/*.txt, played. SHEAF_REWRITE=1 writes what the core says now into the files;
// the diff is then to be read.
#include "tests/scenario/scenario.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/scenario/player.h"

namespace sheaf::scenario {
namespace {

const std::filesystem::path kFolder = "tests/scenario";

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Scenario : public testing::TestWithParam<std::string> {};

TEST_P(Scenario, SaysWhatIsWritten) {
  const std::filesystem::path path = kFolder / (GetParam() + ".txt");
  auto blocks = parse(read(path));
  ASSERT_TRUE(blocks.has_value()) << path.string() << ": " << blocks.error().message;
  const bool rewrites = std::getenv("SHEAF_REWRITE") != nullptr;
  Player player;
  for (Block& block : *blocks) {
    const std::string said = player.play(block);
    if (rewrites) {
      block.expected = said;
    } else {
      EXPECT_EQ(said, block.expected)
          << path.string() << ":" << block.line << ": " << block.command;
    }
  }
  if (rewrites) {
    std::ofstream(path) << render(*blocks);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Scenario, testing::ValuesIn(files()), [](const auto& file) {
  return file.param;
});

}  // namespace
}  // namespace sheaf::scenario
