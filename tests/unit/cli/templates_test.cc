#include "cli/templates.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

constexpr const char* kFolder = "cli/templates";

TEST(Templates, HoldTheFilesOfTheirFolderByteForByte) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(embedded_files().size(), count);
  for (const EmbeddedFile& file : embedded_files()) {
    std::ifstream stream(std::filesystem::path(kFolder) / file.path);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(file.text, text) << file.path;
  }
}

TEST(Templates, BeginWithTheRootFileAndNameTheBundle) {
  for (const Template& known : templates()) {
    const std::vector<TemplateFile> files = files_of(known, "\"wine\"");
    ASSERT_GT(files.size(), 1U) << known.name;
    EXPECT_EQ(files.front().path, "databricks.yml");
    EXPECT_NE(files.front().text.find("  name: \"wine\"\n"), std::string::npos) << known.name;
    EXPECT_TRUE(std::ranges::none_of(files, [](const TemplateFile& file) {
      return file.text.find("@NAME@") != std::string::npos;
    })) << known.name;
    EXPECT_EQ(find_template(known.name), &known);
  }
}

TEST(Templates, EveryFileBelongsToOne) {
  for (const EmbeddedFile& file : embedded_files()) {
    EXPECT_NE(find_template(file.path.substr(0, file.path.find('/'))), nullptr) << file.path;
  }
  EXPECT_EQ(find_template("maximal"), nullptr);
}

}  // namespace
}  // namespace sheaf::cli
