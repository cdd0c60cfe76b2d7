#include "common/transport/allow_list.h"

#include <fstream>

#include <gtest/gtest.h>

#include "common/transport/keys.h"
#include "tests/unit/common/transport/temporary_folder.h"

namespace sheaf::transport {
namespace {

std::string a_key() {
  return generate_keys().value().public_key;
}

TEST(AllowList, NamesAKeyByItsFile) {
  const TemporaryFolder folder;
  const std::string key = a_key();
  ASSERT_TRUE(store_public_key(folder.path() / "gpu-1.pub", key).has_value());
  AllowList list(folder.path());
  EXPECT_EQ(list.find_name(key), "gpu-1");
  EXPECT_EQ(list.find_name(a_key()), std::nullopt);
}

TEST(AllowList, SeesKeysThatComeChangeAndGo) {
  const TemporaryFolder folder;
  AllowList list(folder.path() / "workers");
  const std::string first = a_key();
  const std::string second = a_key();
  EXPECT_EQ(list.find_name(first), std::nullopt);  // There is no folder yet.
  std::filesystem::create_directory(folder.path() / "workers");
  const auto file = folder.path() / "workers" / "w.pub";
  ASSERT_TRUE(store_public_key(file, first).has_value());
  EXPECT_EQ(list.find_name(first), "w");
  ASSERT_TRUE(store_public_key(file, second).has_value());
  EXPECT_EQ(list.find_name(first), std::nullopt);
  EXPECT_EQ(list.find_name(second), "w");
  std::filesystem::remove(file);
  EXPECT_EQ(list.find_name(second), std::nullopt);
}

TEST(AllowList, IgnoresWhatIsNoEnrolment) {
  const TemporaryFolder folder;
  const std::string key = a_key();
  std::ofstream(folder.path() / "broken.pub") << "not a key";
  std::ofstream(folder.path() / "w.key") << key;
  std::ofstream(folder.path() / "two words.pub") << key;
  std::filesystem::create_directory(folder.path() / "folder.pub");
  AllowList list(folder.path());
  EXPECT_EQ(list.find_name(key), std::nullopt);
  std::ofstream(folder.path() / "good.pub") << key << "\n";
  EXPECT_EQ(list.find_name(key), "good");
}

}  // namespace
}  // namespace sheaf::transport
