// Batching: messages into frames, and lists of values into parts.
#include <climits>
#include <random>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "common/wire/frame.h"
#include "tests/unit/common/wire/frames.h"

namespace sheaf::wire {
namespace {

WorkerFrame with(WorkerMessage message) {
  return {.header = a_header(), .messages = {std::move(message)}};
}

TEST(MakeFrames, FillsFramesInOrderAndCountsThem) {
  std::vector<std::string> encoded_messages;
  std::vector<SchedulerMessage> messages;
  for (int i = 1; i <= 50; ++i) {
    Lease lease{.spec = a_spec(), .token = ""};
    lease.spec.attempt = AttemptId{i};
    lease.spec.arguments = {std::string(100'000, 'x')};
    messages.emplace_back(lease);
    encoded_messages.push_back(encode_message(messages.back()).value());
  }
  FrameHeader header = a_header();
  const std::vector<std::string> frames =
      make_frames(FrameKind::kScheduler, header, encoded_messages);
  EXPECT_EQ(frames.size(), 5u);  // Ten of 100 kB a frame of 1 MiB.
  EXPECT_EQ(header.sequence, a_header().sequence + frames.size());
  std::vector<SchedulerMessage> back;
  std::uint64_t sequence = a_header().sequence;
  for (const std::string& bytes : frames) {
    const SchedulerFrame frame = decode_scheduler_frame(bytes).value();
    EXPECT_EQ(frame.header.sequence, ++sequence);
    EXPECT_EQ(frame.header.session, a_header().session);
    back.insert(back.end(), frame.messages.begin(), frame.messages.end());
  }
  EXPECT_EQ(back, messages);
}

TEST(MakeFrames, NothingMakesNoFrame) {
  FrameHeader header = a_header();
  EXPECT_TRUE(make_frames(FrameKind::kWorker, header, {}).empty());
  EXPECT_EQ(header, a_header());
}

TEST(SplitValues, PartsFitFramesAndCoverTheList) {
  Values whole{.attempt = AttemptId{5}, .fence = 6, .sequence = 1, .entries = {}};
  for (std::size_t i = 0; i < limits::kMaxTaskValuesPerRun; ++i) {
    whole.entries.push_back(
        {.key = "k" + std::to_string(i), .json = std::string(limits::kMaxTaskValueBytes, '1')});
  }
  std::vector<model::TaskValue> back;
  for (const Values& part : split_values(whole)) {
    EXPECT_EQ(part.first, back.size());
    EXPECT_EQ(part.total, whole.entries.size());
    EXPECT_TRUE(encode(with(part)).has_value());
    back.insert(back.end(), part.entries.begin(), part.entries.end());
  }
  EXPECT_EQ(back, whole.entries);
  EXPECT_GT(split_values(whole).size(), 10u);
}

TEST(SplitValues, AnEmptyListIsOnePart) {
  const std::vector<Values> parts =
      split_values({.attempt = AttemptId{5}, .fence = 6, .sequence = 1, .entries = {}});
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].total, 0u);
}

TEST(FrameOrder, TakesEachFrameOnceAndNoneAfterALaterOne) {
  FrameOrder order;
  EXPECT_TRUE(order.take(1));
  EXPECT_FALSE(order.take(1)) << "it came twice";
  EXPECT_TRUE(order.take(4)) << "what was lost between is repeated, if it is owed";
  EXPECT_FALSE(order.take(3)) << "it was overtaken";
  EXPECT_TRUE(order.take(5));
}

}  // namespace
}  // namespace sheaf::wire
