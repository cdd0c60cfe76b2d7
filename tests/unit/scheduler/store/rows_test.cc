#include "scheduler/store/rows.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/unit/scheduler/store/samples.h"

namespace sheaf::store {
namespace {

/// A kind of row, without its type: its sample's bytes, and whether bytes decode to what encodes to
/// them.
struct Kind {
  std::string name;
  std::string bytes;
  std::function<Result<std::string>(std::string_view)> decode_and_encode;
};

template <typename Row>
Kind kind_of(std::string name, const Row& sample) {
  return {.name = std::move(name),
          .bytes = encode(sample),
          .decode_and_encode = [](std::string_view bytes) -> Result<std::string> {
            auto row = decode<Row>(bytes);
            return row ? Result<std::string>(encode(*row)) : fail(row.error());
          }};
}

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds{
      kind_of("head", HeadRow{.epoch = 3, .batch = 1'000, .chain = 5, .next_id = 901}),
      kind_of("identity", IdentityRow{.id = "11111111-2222-4333-8444-555555555555"}),
      kind_of("batch", sample_batch_row()),
      kind_of("tasks", sample_tasks_row()),
      kind_of("details", sample_details_row()),
      kind_of("run_reference", RunReferenceRow{.run = RunId{200}, .count = 7}),
      kind_of("inputs", InputsRow{.lines = "1\n\"two\"\n"}),
      kind_of("deployment_reference", DeploymentReferenceRow{.deployment = DeploymentId{100}}),
      kind_of("settings", SettingsRow{.json = R"({"name":"wine"})"}),
      kind_of("mark", MarkRow{}),
      kind_of("job", sample_job()),
      kind_of("deployment", sample_deployment()),
      kind_of("run", sample_run()),
      kind_of("worker", sample_worker()),
      kind_of("schedule", sample_schedule()),
      kind_of("skipped_fire", sample_skipped_fire()),
      kind_of("alert", sample_alert()),
      kind_of("receipt", sample_receipt()),
      kind_of("hook_secret", sample_hook_secret()),
      kind_of("pool", sample_pool()),
  };
  for (const core::Event& event : sample_events()) {
    const std::string number = std::to_string(100 + event.index()).substr(1);
    kinds.push_back(kind_of("event_" + number, EventsRow{.events = {event}}));
  }
  return kinds;
}

template <typename Row>
void expect_round_trip(const Row& row) {
  const auto decoded = decode<Row>(encode(row));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, row);
}

std::string golden_path(const Kind& kind) {
  return "tests/unit/scheduler/store/golden/v2_" + kind.name + ".hex";
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    text.append({kDigits[byte >> 4], kDigits[byte & 0xFu]});
    if (i % 40 == 39 || i + 1 == bytes.size()) {
      text.push_back('\n');
    }
  }
  return text;
}

TEST(Rows, SamplesHoldOneEventOfEveryKind) {
  const auto events = sample_events();
  ASSERT_EQ(events.size(), std::variant_size_v<core::Event>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].index(), i);
  }
}

TEST(Rows, KeepEveryFieldOfEveryRecord) {
  expect_round_trip(sample_job());
  expect_round_trip(sample_deployment());
  expect_round_trip(sample_run());
  expect_round_trip(sample_worker());
  expect_round_trip(sample_schedule());
  expect_round_trip(sample_skipped_fire());
  expect_round_trip(sample_alert());
  expect_round_trip(sample_receipt());
  expect_round_trip(sample_hook_secret());
  expect_round_trip(sample_pool());
  expect_round_trip(sample_batch_row());
  expect_round_trip(sample_tasks_row());
  expect_round_trip(sample_details_row());
}

TEST(Rows, KeepEveryEvent) {
  const EventsRow row{.events = sample_events()};
  const auto decoded = decode<EventsRow>(encode(row));
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(decoded->events.size(), row.events.size());
  for (std::size_t i = 0; i < row.events.size(); ++i) {
    EXPECT_EQ(decoded->events[i].index(), i);
    EXPECT_EQ(encode(EventsRow{.events = {decoded->events[i]}}),
              encode(EventsRow{.events = {row.events[i]}}));
  }
}

TEST(Rows, DoNotStoreTheSettingsOfARun) {
  core::RunSubmitted submitted{.run = sample_run(),
                               .settings = std::make_shared<const model::JobSettings>()};
  const auto decoded = decode<EventsRow>(encode(EventsRow{.events = {submitted}}));
  ASSERT_TRUE(decoded);
  const auto& event = std::get<core::RunSubmitted>(decoded->events.front());
  EXPECT_EQ(event.run, submitted.run);
  EXPECT_EQ(event.settings, nullptr);
}

/// The stored form of a version is for ever once it was released: these files are never changed.
/// SHEAF_WRITE_GOLDEN=1 adds files for new kinds only.
TEST(Rows, ReadAndWriteTheirVersionAsItWasFirstWritten) {
  for (const Kind& kind : all_kinds()) {
    const std::string path = golden_path(kind);
    std::ifstream file(path);
    if (!file && std::getenv("SHEAF_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path) << to_hex(kind.bytes);
      continue;
    }
    ASSERT_TRUE(file) << path << " is missing";
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(to_hex(kind.bytes), text) << kind.name;
    std::string bytes;
    std::string pair;
    for (const char digit : text) {
      if (digit != '\n') {
        pair.push_back(digit);
      }
      if (pair.size() == 2) {
        bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
        pair.clear();
      }
    }
    const auto decoded = kind.decode_and_encode(bytes);
    ASSERT_TRUE(decoded) << kind.name << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, bytes) << kind.name;
  }
}

TEST(Rows, RefuseEveryShorterValue) {
  for (const Kind& kind : all_kinds()) {
    for (std::size_t length = 0; length < kind.bytes.size(); ++length) {
      const auto decoded = kind.decode_and_encode(std::string_view(kind.bytes).substr(0, length));
      ASSERT_FALSE(decoded) << kind.name << " cut to " << length;
      EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST(Rows, RefuseLongerValuesAndOtherVersions) {
  for (const Kind& kind : all_kinds()) {
    EXPECT_EQ(kind.decode_and_encode(kind.bytes + '\0').error().code, ErrorCode::kCorrupt);
    std::string other = kind.bytes;
    other.front() = static_cast<char>(kFormatVersion + 1);
    EXPECT_EQ(kind.decode_and_encode(other).error().code, ErrorCode::kCorrupt);
  }
}

/// Under the sanitizers this is the proof that foreign bytes do no harm; whatever is accepted is a
/// value that can be written again.
TEST(Rows, SurviveDamagedBytes) {
  constexpr unsigned kSeed = 20'231'114;
  constexpr int kTriesPerKind = 400;
  std::mt19937 random(kSeed);
  std::size_t refused = 0;
  for (const Kind& kind : all_kinds()) {
    for (int i = 0; i < kTriesPerKind; ++i) {
      std::string damaged = kind.bytes;
      for (auto flips = 1 + random() % 3; flips > 0; --flips) {
        damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      }
      const auto decoded = kind.decode_and_encode(damaged);
      if (!decoded) {
        ++refused;
        EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt) << kind.name << " seed " << kSeed;
      }
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST(Rows, BelieveNoLength) {
  // A list of 2^62 events, and a text of 2^35 bytes, in a dozen bytes.
  const std::string many("\2\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x3F", 10);
  EXPECT_EQ(decode<EventsRow>(many).error().message, "a length runs over the end");
  const std::string text("\2\x80\x80\x80\x80\x80\x01", 7);
  EXPECT_EQ(decode<SettingsRow>(text).error().message, "a length runs over the end");
}

TEST(Rows, PackTasksAtAFixedWidth) {
  const std::size_t one = encode(TasksRow{.tasks = {core::TaskRow{}}}).size();
  const std::size_t two = encode(sample_tasks_row()).size();
  EXPECT_EQ(two - one, 64u);
}

TEST(RowsDeathTest, RefuseToWriteAnEnumeratorThatCouldNotBeRead) {
  core::RunRecord run = sample_run();
  run.state = static_cast<model::RunState>(200);
  EXPECT_DEATH((void)encode(run), "enumerator");
}

TEST(Rows, OfEventsThatStandElsewhereAreTheSame) {
  const EventsRow row{.events = sample_events()};
  std::vector<const core::Event*> events;
  for (const core::Event& event : row.events) {
    events.push_back(&event);
  }
  EXPECT_EQ(encode_events(events), encode(row));
  EXPECT_EQ(encode_events({}), encode(EventsRow{}));
}

}  // namespace
}  // namespace sheaf::store
