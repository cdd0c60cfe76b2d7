#include "scheduler/files/blobs.h"

#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/scheduler/files/folder_fixture.h"

namespace sheaf::files {
namespace {

namespace fs = std::filesystem;

class BlobsTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    reopen();
  }
  void reopen() {
    blobs_.reset();
    auto opened = Blobs::open(folder() / "blobs");
    ASSERT_TRUE(opened) << opened.error().message;
    blobs_ = *std::move(opened);
  }
  [[nodiscard]] Blobs& blobs() { return *blobs_; }
  [[nodiscard]] fs::path path_of(const std::string& digest) const {
    return folder() / "blobs" / digest.substr(0, 2) / digest;
  }
  /// Stores a manifest of `files` and gives its digest.
  [[nodiscard]] std::string put_manifest(std::vector<model::ManifestFile> files) {
    return blobs().put(model::format_manifest({.files = std::move(files)})).value();
  }

 private:
  std::unique_ptr<Blobs> blobs_;
};

const std::string kHello = os::sha256_hex("hello");

TEST_F(BlobsTest, GivesBackWhatWasWrittenInPieces) {
  auto writer = blobs().begin(kHello);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->append("hel"));
  ASSERT_TRUE(writer->append("lo"));
  EXPECT_FALSE(blobs().contains(kHello).value());
  ASSERT_TRUE(writer->finish());
  EXPECT_TRUE(blobs().contains(kHello).value());
  EXPECT_EQ(blobs().open_blob(kHello)->size, 5u);
  EXPECT_EQ(blobs().read(kHello, 5).value(), "hello");
  reopen();
  EXPECT_EQ(blobs().read(kHello, 5).value(), "hello");
}

TEST_F(BlobsTest, RefusesContentWithAnotherDigestAndKeepsNothing) {
  {
    auto writer = blobs().begin(kHello);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append("hallo"));
    const auto finished = writer->finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::kInvalid);
    EXPECT_NE(finished.error().message.find(os::sha256_hex("hallo")), std::string::npos);
  }
  EXPECT_FALSE(blobs().contains(kHello).value());
  EXPECT_TRUE(fs::is_empty(folder() / "blobs" / "incoming"));
}

TEST_F(BlobsTest, LeavesNothingOfUploadsThatWereGivenUpOrDied) {
  {
    auto writer = blobs().begin(kHello);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->append("hel"));
    EXPECT_FALSE(fs::is_empty(folder() / "blobs" / "incoming"));
  }
  EXPECT_TRUE(fs::is_empty(folder() / "blobs" / "incoming"));
  std::ofstream(folder() / "blobs" / "incoming" / "7") << "from before a kill";
  reopen();
  EXPECT_TRUE(fs::is_empty(folder() / "blobs" / "incoming"));
}

TEST_F(BlobsTest, RefusesNamesThatAreNoDigests) {
  const std::string longer = kHello + "0";
  std::string upper = kHello;
  upper[1] = 'C';
  for (const std::string& name :
       {std::string(), std::string("../../etc/passwd"), longer, upper, "../" + kHello.substr(3)}) {
    EXPECT_EQ(blobs().begin(name).error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(blobs().contains(name).error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(blobs().open_blob(name).error().code, ErrorCode::kInvalid) << name;
    EXPECT_EQ(blobs().missing(std::vector{name}).error().code, ErrorCode::kInvalid) << name;
  }
}

TEST_F(BlobsTest, FollowsNoLink) {
  ASSERT_EQ(blobs().put("hello").value(), kHello);
  std::ofstream(folder() / "secret") << "hello";
  fs::remove(path_of(kHello));
  fs::create_symlink(folder() / "secret", path_of(kHello));
  EXPECT_FALSE(blobs().open_blob(kHello));
  EXPECT_FALSE(blobs().contains(kHello));
}

TEST_F(BlobsTest, LetsManyWritersOfOneDigestRace) {
  constexpr int kWriters = 8;
  const std::string content(100'000, 'x');
  std::vector<std::thread> writers;
  std::atomic<int> stored{0};
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&blobs = blobs(), &content, &stored] {
      auto writer = blobs.begin(os::sha256_hex(content));
      if (writer && writer->append(content) && writer->finish()) {
        ++stored;
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  EXPECT_EQ(stored, kWriters);
  EXPECT_EQ(blobs().read(os::sha256_hex(content), content.size()).value(), content);
}

TEST_F(BlobsTest, ListsWhatIsMissingOnce) {
  ASSERT_TRUE(blobs().put("hello"));
  const std::string a = os::sha256_hex("a");
  const std::string b = os::sha256_hex("b");
  EXPECT_EQ(blobs().missing(std::vector{b, kHello, a, b}).value(), (std::vector{b, a}));
}

TEST_F(BlobsTest, NoticesContentThatChangedOnDisk) {
  ASSERT_TRUE(blobs().put("hello"));
  std::ofstream(path_of(kHello)) << "hallo";
  EXPECT_EQ(blobs().read(kHello, 100).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(blobs().read(kHello, 4).error().code, ErrorCode::kExhausted);
  EXPECT_EQ(blobs().read(os::sha256_hex("none"), 4).error().code, ErrorCode::kNotFound);
}

TEST_F(BlobsTest, AcceptsAManifestWithAllOfItsFiles) {
  ASSERT_TRUE(blobs().put("hello"));
  const auto manifest =
      blobs().check_manifest(put_manifest({{.path = "src/a.py", .digest = kHello, .size = 5}}));
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->files.front().path, "src/a.py");
}

TEST_F(BlobsTest, RefusesAManifestThatIsNotWhole) {
  ASSERT_TRUE(blobs().put("hello"));
  const auto refusal = [this](const std::string& digest) {
    const auto checked = blobs().check_manifest(digest);
    EXPECT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalid);
    return checked.error().message;
  };
  const std::string none = os::sha256_hex("none");
  EXPECT_EQ(refusal(none), "the manifest " + none + " is missing");
  EXPECT_EQ(refusal(put_manifest({{.path = "a.py", .digest = kHello, .size = 5},
                                  {.path = "b.py", .digest = none, .size = 4}})),
            "manifest: b.py: its blob " + none + " is missing");
  EXPECT_EQ(refusal(put_manifest({{.path = "a.py", .digest = kHello, .size = 6}})),
            "manifest: a.py has 5 bytes, not 6");
  EXPECT_NE(refusal(kHello).find("manifest: "), std::string::npos);
}

}  // namespace
}  // namespace sheaf::files
