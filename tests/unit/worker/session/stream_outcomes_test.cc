#include "worker/session/stream_outcomes.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/limits.h"

namespace sheaf::session {
namespace {

namespace fs = std::filesystem;
using Writer = StreamOutcomes::Writer;

class StreamOutcomesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sheaf-stream-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path file() const { return folder_ / "out"; }
  void write(const std::string& text) const { std::ofstream(file(), std::ios::app) << text; }

  /// Of a process that was given the first `count` indices.
  [[nodiscard]] StreamOutcomes outcomes(std::uint32_t count) const {
    std::vector<model::StreamInput> inputs;
    for (std::uint32_t i = 0; i < count; ++i) {
      inputs.push_back({.index = i, .json = "0"});
    }
    return {file(), inputs};
  }

  fs::path folder_;
};

TEST(StreamInputs, AreOneLineEach) {
  EXPECT_EQ(stream_input_text({{.index = 3, .json = "\"a\""}, {.index = 8, .json = "{\"b\":1}"}}),
            "{\"index\": 3, \"input\": \"a\"}\n{\"index\": 8, \"input\": {\"b\":1}}\n");
  EXPECT_EQ(stream_input_text({}), "");
}

TEST_F(StreamOutcomesTest, AreReadAsTheyAreWritten) {
  StreamOutcomes reader = outcomes(3);
  EXPECT_FALSE(reader.read(Writer::kRuns).has_value());
  write("{\"ready\": true}\n{\"index\": 1, \"ok\": true, \"value\": [1]}\n{\"index\": 0, ");
  const auto first = reader.read(Writer::kRuns);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->is_ready);
  EXPECT_EQ(first->entries,
            (std::vector<model::StreamOutcome>{{.index = 1, .is_success = true, .error = ""}}));
  EXPECT_FALSE(reader.read(Writer::kRuns).has_value());
  write("\"ok\": false, \"error\": \"bad\"}\n");
  const auto second = reader.read(Writer::kRuns);
  ASSERT_TRUE(second.has_value());
  EXPECT_FALSE(second->is_ready);
  EXPECT_EQ(second->offset, fs::file_size(file()));
  EXPECT_EQ(second->entries,
            (std::vector<model::StreamOutcome>{{.index = 0, .is_success = false, .error = "bad"}}));
}

TEST_F(StreamOutcomesTest, TheLastLineNeedsNoEndOnceTheProcessIsGone) {
  StreamOutcomes reader = outcomes(2);
  write("{\"index\": 0, \"ok\": true}");
  EXPECT_FALSE(reader.read(Writer::kRuns).has_value());
  const auto piece = reader.read(Writer::kIsGone);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->entries.size(), 1U);
  EXPECT_FALSE(reader.read(Writer::kIsGone).has_value());
}

TEST_F(StreamOutcomesTest, LinesThatAreNoneArePassedOverAndNoted) {
  StreamOutcomes reader = outcomes(2);
  write("nonsense\n\n[1]\n{\"index\": 0}\n{\"index\": 7, \"ok\": true}\n" +
        std::string(limits::kMaxStreamLineBytes + 1, ' ') + "\n{\"index\": 0, \"ok\": true}\n" +
        "{\"index\": 0, \"ok\": false}\n{\"index\": 1, \"ok\": true}\n{\"ind");
  const auto piece = reader.read(Writer::kIsGone);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->entries,
            (std::vector<model::StreamOutcome>{{.index = 0, .is_success = true, .error = ""},
                                               {.index = 1, .is_success = true, .error = ""}}));
  EXPECT_EQ(reader.take_notes(),
            (std::vector<std::string>{
                "line 1 of its outcomes is no JSON object",
                "line 3 of its outcomes is no JSON object",
                "line 4 of its outcomes has no `index` (a number) and `ok` (true or false)",
                "line 5 of its outcomes speaks of index 7, which this process was not given or "
                "has spoken of before",
                "line 6 of its outcomes is longer than 64 KiB"}));
}

TEST_F(StreamOutcomesTest, ALineOfAnyLengthEndsSomewhere) {
  StreamOutcomes reader = outcomes(1);
  for (int i = 0; i < 20; ++i) {
    write(std::string(50'000, 'x'));
    EXPECT_FALSE(reader.read(Writer::kRuns).has_value());
  }
  write("\n{\"index\": 0, \"ok\": true}\n");
  const auto piece = reader.read(Writer::kRuns);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->entries.size(), 1U);
}

TEST_F(StreamOutcomesTest, ComeInListsOfBoundedLength) {
  constexpr std::uint32_t kCount = 1'200;
  StreamOutcomes reader = outcomes(kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    write("{\"index\": " + std::to_string(i) + ", \"ok\": false, \"error\": \"" +
          std::string(2'000, 'e') + "\"}\n");
  }
  std::size_t count = 0;
  while (const auto piece = reader.read(Writer::kRuns)) {
    EXPECT_LE(piece->entries.size(), limits::kMaxStreamReport);
    EXPECT_LE(piece->entries.front().error.size(), limits::kMaxStreamErrorBytes);
    count += piece->entries.size();
  }
  EXPECT_EQ(count, kCount);
}

TEST_F(StreamOutcomesTest, APipeInThePlaceOfTheFileSaysNothing) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  StreamOutcomes reader = outcomes(1);
  EXPECT_FALSE(reader.read(Writer::kRuns).has_value());
}

}  // namespace
}  // namespace sheaf::session
