#include "common/os/digest.h"

#include <gtest/gtest.h>

namespace sheaf::os {
namespace {

// Vectors of FIPS 180-4's examples.
TEST(Digest, GivesTheStandardsAnswers) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, TakesPieces) {
  Sha256 hash;
  hash.add("a");
  hash.add("");
  hash.add("bc");
  Sha256 moved = std::move(hash);
  EXPECT_EQ(moved.finish(), sha256_hex("abc"));
}

}  // namespace
}  // namespace sheaf::os
