#include "common/wire/frame.h"

#include <climits>
#include <random>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/unit/common/wire/frames.h"

namespace sheaf::wire {
namespace {

constexpr Timestamp kNoon = from_epoch_ms(1'760'000'000'123);

model::AttemptOutcome an_outcome() {
  return {.end = model::AttemptEnd::kSignalled,
          .exit_code = -1,
          .signal = 11,
          .tree_empty = true,
          .message = "segmentation fault",
          .warnings = {"environment_version 2 runs on Python 3.11"},
          .started = kNoon,
          .ended = kNoon + Milliseconds{5},
          .stdout_bytes = 1u << 30,
          .stderr_bytes = 3};
}

WorkerFrame every_worker_message() {
  return {
      .header = a_header(),
      .messages = {
          Register{
              .name = "w1",
              .boot_id = "b-1",
              .agent_version = "0.1.0",
              .min_version = 1,
              .max_version = 3,
              .slots = 8,
              .labels = {"gpu", "big"},
              .attempts =
                  {{.attempt = AttemptId{5}, .fence = 6, .state = HeldAttempt::State::kPreparing},
                   {.attempt = AttemptId{7}, .fence = 8, .state = HeldAttempt::State::kFinished}},
              .highest_epoch = 6,
              .highest_fence = 99,
              .resources = {.cpu_millis = 7'500, .memory_bytes = 1LL << 40, .gpus = {0, 3}},
              .cached_environments = {1, 0xFFFF'FFFF'FFFF'FFFF}},
          Heartbeat{.attempts = 3},
          Accepted{.attempt = AttemptId{5}, .fence = 6},
          Rejected{.attempt = AttemptId{5}, .fence = 6, .reason = "draining"},
          Started{.attempt = AttemptId{5}, .fence = 6, .started = kNoon},
          Values{.attempt = AttemptId{5},
                 .fence = 6,
                 .sequence = 2,
                 .first = 1,
                 .total = 3,
                 .entries = {{.key = "model_update", .json = "1"}, {.key = "k", .json = "{}"}}},
          ResultReport{.attempt = AttemptId{5}, .fence = 6, .outcome = an_outcome()},
          Outcomes{.attempt = AttemptId{5},
                   .fence = 6,
                   .offset = 1ULL << 40,
                   .is_ready = true,
                   .entries = {{.index = 0, .is_success = true, .error = ""},
                               {.index = 7, .is_success = false, .error = "no such file"}}}}};
}

SchedulerFrame every_scheduler_message() {
  return {.header = a_header(),
          .messages = {
              Welcome{.session = 70'001,
                      .epoch = 7,
                      .version = 1,
                      .worker = WorkerId{3},
                      .lease = Milliseconds{2'400'000},
                      .heartbeat_interval = Milliseconds{5'000},
                      .adopt = {AttemptId{5}, AttemptId{6}},
                      .kill = {AttemptId{7}},
                      .forget = {AttemptId{8}},
                      .http_base_url = "http://127.0.0.1:7777"},
              Refused{.reason = "no common version"},
              RegisterAgain{},
              Lease{.spec = a_spec(), .token = "t0k3n"},
              HeartbeatAck{},
              StartedAck{.attempt = AttemptId{5}, .fence = 6},
              ValuesAck{
                  .attempt = AttemptId{5}, .fence = 6, .sequence = 2, .refusal = "too many values"},
              ResultAck{.attempt = AttemptId{5}, .fence = 6},
              Cancel{.attempt = AttemptId{5}, .fence = 6, .grace = Milliseconds{5'000}},
              Drain{},
              OutcomesAck{.attempt = AttemptId{5}, .fence = 6, .offset = 1ULL << 40}}};
}

LogFrame every_log_message() {
  return {.header = a_header(),
          .messages = {Log{.attempt = AttemptId{5},
                           .stream = LogStream::kStderr,
                           .offset = 10,
                           .bytes = std::string("\xFF\0binary", 8),
                           .final_length = {}},
                       Log{.attempt = AttemptId{5},
                           .stream = LogStream::kStdout,
                           .offset = 0,
                           .bytes = "",
                           .final_length = 0}}};
}

LogAckFrame every_log_ack() {
  return {.header = a_header(),
          .messages = {LogAck{.attempt = AttemptId{5},
                              .stream = LogStream::kStderr,
                              .offset = 18,
                              .credit = 1u << 20},
                       LogAck{.attempt = AttemptId{6},
                              .stream = LogStream::kStdout,
                              .offset = 0,
                              .credit = 0,
                              .is_unknown = true}}};
}

std::string encoded(const auto& frame) {
  const Result<std::string> bytes = encode(frame);
  EXPECT_TRUE(bytes.has_value()) << bytes.error().message;
  return bytes.value_or("");
}

WorkerFrame with(WorkerMessage message) {
  return {.header = a_header(), .messages = {std::move(message)}};
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<std::uint8_t>(byte) >> 4u];
    hex += kDigits[static_cast<std::uint8_t>(byte) & 15u];
  }
  return hex;
}

ErrorCode refusal(const auto& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST(Frame, EveryWorkerMessageComesBackAsItWas) {
  const WorkerFrame frame = every_worker_message();
  ASSERT_EQ(frame.messages.size(), std::variant_size_v<WorkerMessage>);
  const Result<WorkerFrame> back = decode_worker_frame(encoded(frame));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, frame);
}

TEST(Frame, EverySchedulerMessageComesBackAsItWas) {
  const SchedulerFrame frame = every_scheduler_message();
  ASSERT_EQ(frame.messages.size(), std::variant_size_v<SchedulerMessage>);
  const Result<SchedulerFrame> back = decode_scheduler_frame(encoded(frame));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(*back, frame);
}

TEST(Frame, LogsAndTheirAcksComeBackAsTheyWere) {
  const Result<LogFrame> logs = decode_log_frame(encoded(every_log_message()));
  ASSERT_TRUE(logs.has_value()) << logs.error().message;
  EXPECT_EQ(*logs, every_log_message());
  const Result<LogAckFrame> acks = decode_log_ack_frame(encoded(every_log_ack()));
  ASSERT_TRUE(acks.has_value()) << acks.error().message;
  EXPECT_EQ(*acks, every_log_ack());
}

TEST(Frame, ExtremesOfNumbersComeBackAsTheyWere) {
  WorkerFrame frame{
      .header = {.version = 1, .epoch = UINT64_MAX, .session = UINT64_MAX, .sequence = UINT64_MAX},
      .messages = {}};
  model::AttemptOutcome outcome = an_outcome();
  outcome.exit_code = INT_MIN;
  outcome.stdout_bytes = UINT64_MAX;
  frame.messages.emplace_back(
      ResultReport{.attempt = AttemptId{1}, .fence = UINT64_MAX, .outcome = outcome});
  EXPECT_EQ(decode_worker_frame(encoded(frame)).value(), frame);
}

// Written out by hand from frame.proto: what a sender of version 1 puts on the wire must stay
// readable.
TEST(Frame, VersionOneKeepsItsBytes) {
  const WorkerFrame frame{
      .header = a_header(),
      .messages = {Started{.attempt = AttemptId{5}, .fence = 6, .started = kNoon},
                   Heartbeat{.attempts = 3},
                   ResultReport{.attempt = AttemptId{5}, .fence = 6, .outcome = an_outcome()}}};
  EXPECT_EQ(to_hex(encoded(frame)),
            "53480101"                        // "SH", a worker's frame, version 1
            "080710F1A204182A"                // epoch, session, sequence
            "220D2A0B0805100618FB80B3C19C33"  // started
            "220412020803"                    // heartbeat
            "22653A63080510061A5D08011001181620012A127365676D656E746174696F6E206661756C74"
            "3229656E7669726F6E6D656E745F76657273696F6E20322072756E73206F6E20507974686F6E"
            "20332E313138FB80B3C19C33408081B3C19C334880808080045003");
}

TEST(Frame, VersionOneKeepsTheBytesOfLogs) {
  EXPECT_EQ(to_hex(encoded(every_log_message())),
            "53480301"
            "080710F1A204182A"
            "221008051001180A2208FF0062696E617279"
            "220408052800");
  EXPECT_EQ(to_hex(encoded(every_log_ack())),
            "53480401"
            "080710F1A204182A"
            "220A08051001181220808040"
            "220408062801");
}

TEST(Frame, VersionOneKeepsTheBytesOfLeases) {
  const SchedulerFrame frame{
      .header = a_header(),
      .messages = {
          Lease{.spec = {.attempt = AttemptId{5},
                         .run = RunId{3},
                         .job = JobId{2},
                         .job_name = "wine",
                         .task_key = "train",
                         .attempt_number = 1,
                         .fence = 6,
                         .arguments = {"true"},
                         .is_python = true,
                         .env = {{"A", "b"}},
                         .environment = model::EnvironmentSettings{.environment_key = "e",
                                                                   .environment_version = "2",
                                                                   .dependencies = {"numpy"}},
                         .manifest_digest = "ab",
                         .file_path = "/f",
                         .timeout = Milliseconds{2'000}},
                .token = "t"},
          Cancel{.attempt = AttemptId{5}, .fence = 6, .grace = Milliseconds{5'000}}}};
  EXPECT_EQ(to_hex(encoded(frame)),
            "53480201"
            "080710F1A204182A"
            "224822460A41080510031802220477696E652A05747261696E30013806420474727565480152"
            "060A01411201625A0D0A01651201321A056E756D7079620261626A022F6670D00F120174"
            "22094A0708051006188827");
}

TEST(Frame, EveryTruncationIsRefusedOrShorter) {
  const std::string bytes = encoded(every_worker_message());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const Result<WorkerFrame> decoded =
        decode_worker_frame(std::string_view(bytes).substr(0, length));
    // A cut between messages is a shorter frame; ZeroMQ itself never delivers parts of a message.
    if (decoded) {
      EXPECT_LT(decoded->messages.size(), every_worker_message().messages.size());
    } else {
      EXPECT_EQ(decoded.error().code, ErrorCode::kCorrupt) << length;
    }
  }
}

TEST(Frame, GarbageIsRefusedWithoutHarm) {
  std::mt19937 random(20'260'101);
  const std::string whole = encoded(every_scheduler_message());
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes = whole;
    for (int flip = 0; flip < 1 + round % 8; ++flip) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const Result<SchedulerFrame> decoded = decode_scheduler_frame(bytes);
    if (decoded) {  // What was taken can be sent again: nothing out of range came in.
      EXPECT_TRUE(encode(*decoded).has_value());
    }
  }
  EXPECT_EQ(refusal(decode_worker_frame("GET / HTTP/1.1\r\n")), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(decode_worker_frame("")), ErrorCode::kCorrupt);
}

TEST(Frame, FramesOfAnotherKindAreRefused) {
  EXPECT_EQ(refusal(decode_worker_frame(encoded(every_scheduler_message()))), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(decode_log_frame(encoded(every_worker_message()))), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(decode_log_ack_frame(encoded(every_log_message()))), ErrorCode::kCorrupt);
}

TEST(Frame, OtherVersionsAreRefusedByNumber) {
  std::string bytes = encoded(every_worker_message());
  bytes[3] = 2;
  const Result<WorkerFrame> newer = decode_worker_frame(bytes);
  EXPECT_EQ(refusal(newer), ErrorCode::kUnsupported);
  EXPECT_NE(newer.error().message.find("version 2"), std::string::npos);
  bytes[3] = 0;
  EXPECT_EQ(refusal(decode_worker_frame(bytes)), ErrorCode::kUnsupported);
}

TEST(Frame, OversizedFramesAreRefusedBeforeParsing) {
  std::string bytes = encoded(with(Heartbeat{}));
  bytes.resize(limits::kMaxControlMessageBytes + 1);
  EXPECT_EQ(refusal(decode_worker_frame(bytes)), ErrorCode::kExhausted);
}

TEST(Frame, MessagesOfUnknownKindAreRefused) {
  // messages { <field 15, varint> }, as a newer sender within this version must never write.
  EXPECT_EQ(refusal(decode_worker_frame(std::string_view("SH\x01\x01\x22\x02\x78\x01", 8))),
            ErrorCode::kCorrupt);
}

TEST(Frame, OutOfRangeFieldsAreRefusedOnBothSides) {
  EXPECT_EQ(refusal(encode(with(Accepted{.attempt = AttemptId{0}, .fence = 1}))),
            ErrorCode::kInvalid);
  EXPECT_EQ(refusal(encode(with(Accepted{.attempt = AttemptId{kMaxPublicId + 1}, .fence = 1}))),
            ErrorCode::kInvalid);
  EXPECT_EQ(refusal(encode(with(Register{.name = "\xFF"}))), ErrorCode::kInvalid);
  EXPECT_EQ(refusal(encode(with(Values{.attempt = AttemptId{1},
                                       .first = 3,
                                       .total = 3,
                                       .entries = {{.key = "k", .json = "1"}}}))),
            ErrorCode::kInvalid);
  // The same from the wire: accepted { attempt: -1 }.
  std::string negative("SH\x01\x01\x22\x0D\x1A\x0B\x08", 9);
  negative += std::string(9, '\xFF') + '\x01';
  EXPECT_EQ(refusal(decode_worker_frame(negative)), ErrorCode::kCorrupt);
  // result { attempt: 1, outcome { end: 6 } }: an end that does not exist.
  EXPECT_EQ(refusal(decode_worker_frame(
                std::string_view("SH\x01\x01\x22\x08\x3A\x06\x08\x01\x1A\x02\x08\x06", 14))),
            ErrorCode::kCorrupt);
  // … and 262, which must not be cut down to 6 bits or bytes on its way to the enumeration.
  EXPECT_EQ(refusal(decode_worker_frame(
                std::string_view("SH\x01\x01\x22\x09\x3A\x07\x08\x01\x1A\x03\x08\x80\x02", 15))),
            ErrorCode::kCorrupt);
}

TEST(Frame, ListsAboveTheirLimitAreRefused) {
  Register message{.name = "w"};
  message.labels.assign(65, "x");
  EXPECT_EQ(refusal(encode(with(message))), ErrorCode::kExhausted);
  message = {.name = "w", .resources = {.gpus = std::vector<std::uint32_t>(65)}};
  EXPECT_EQ(refusal(encode(with(message))), ErrorCode::kExhausted);
  message = {.name = "w", .cached_environments = std::vector<std::uint64_t>(65)};
  EXPECT_EQ(refusal(encode(with(message))), ErrorCode::kExhausted);
  message = {.name = "w", .resources = {.memory_bytes = -1}};
  EXPECT_EQ(refusal(encode(with(message))), ErrorCode::kInvalid);
  std::string bytes = "SH\x01\x01";
  for (int i = 0; i < 10'001; ++i) {
    bytes += std::string_view("\x22\x02\x12\x00", 4);  // heartbeat {}
  }
  EXPECT_EQ(refusal(decode_worker_frame(bytes)), ErrorCode::kExhausted);
}

TEST(Frame, AMessageTooLargeForAFrameIsNamedAsSuch) {
  SchedulerFrame frame{.header = a_header(), .messages = {}};
  Lease lease{.spec = a_spec(), .token = ""};
  lease.spec.arguments.assign(20, std::string(60'000, 'x'));
  frame.messages.emplace_back(lease);
  EXPECT_EQ(refusal(encode(frame)), ErrorCode::kExhausted);
  EXPECT_EQ(refusal(encode_message(SchedulerMessage{lease})), ErrorCode::kExhausted);
}

TEST(Frame, TextsForPeopleAreRepairedInsteadOfRefused) {
  model::AttemptOutcome outcome = an_outcome();
  outcome.message = "bad \xFF byte " + std::string(10'000, 'x');
  outcome.warnings.assign(200, "\xC3");
  const auto sent = with(ResultReport{.attempt = AttemptId{1}, .fence = 1, .outcome = outcome});
  const Result<WorkerFrame> back = decode_worker_frame(encoded(sent));
  ASSERT_TRUE(back.has_value()) << back.error().message;
  const auto& report = std::get<ResultReport>(back->messages.at(0));
  EXPECT_EQ(report.outcome.message.substr(0, 12), "bad \xEF\xBF\xBD byte");
  EXPECT_EQ(report.outcome.message.size(), limits::kMaxResultMessageBytes);
  EXPECT_EQ(report.outcome.warnings, std::vector<std::string>(100, "\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace sheaf::wire
