#include "scheduler/store/rows.h"

#include <algorithm>
#include <array>
#include <bit>

#include "scheduler/core/state.h"
#include "scheduler/store/decoder.h"
#include "scheduler/store/encoder.h"
#include "scheduler/store/event_fields.h"
#include "scheduler/store/record_fields.h"

namespace sheaf::store {

template <typename Visitor, Of<HeadRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.epoch, r.batch, r.chain, r.next_id);
}

template <typename Visitor, Of<IdentityRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.id);
}

template <typename Visitor, Of<BatchRow::Segment> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.run, r.count);
}

template <typename Visitor, Of<BatchRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.epoch, r.chain, r.segments);
}

template <typename Visitor, Of<EventsRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.events);
}

template <typename Visitor, Of<DetailsRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.details);
}

template <typename Visitor, Of<RunReferenceRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.run, r.count);
}

template <typename Visitor, Of<InputsRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.lines);
}

template <typename Visitor, Of<DeploymentReferenceRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.deployment);
}

template <typename Visitor, Of<SettingsRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.json);
}

template <typename Visitor, Of<MarkRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r);
}

namespace {

/// The visitor of packed task rows: every field at its own width, least significant byte first.
class FixedEncoder {
 public:
  explicit FixedEncoder(Encoder& target) : target_(target) {}

  template <typename Record, typename... Fields>
  void of(const Record& /*record*/, const Fields&... all) {
    static_assert(sizeof...(Fields) == field_count<Record>(), "a field is not described");
    static_assert((sizeof(Fields) + ...) <= kMaxRowBytes, "a row is longer than its buffer");
    size_ = 0;
    (put(all), ...);
    target_.put_raw({row_.data(), size_});
  }

 private:
  template <std::unsigned_integral T>
  void put(T value) {
    static_assert(std::endian::native == std::endian::little, "the bytes would have to be turned");
    const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
    std::ranges::copy(bytes, row_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  template <Enumeration E>
  void put(E value) {
    SHEAF_CHECK(value <= kLastOf<E>, "an enumerator that the codec does not know");
    put(static_cast<std::uint8_t>(value));
  }
  template <typename Tag>
  void put(Id<Tag> id) {
    SHEAF_CHECK(id.value >= 0 && id.value <= kMaxPublicId, "an id out of range");
    put(static_cast<std::uint64_t>(id.value));
  }
  void put(Timestamp instant) { put(static_cast<std::uint64_t>(to_epoch_ms(instant))); }

  static constexpr std::size_t kMaxRowBytes = sizeof(core::TaskRow);

  Encoder& target_;
  std::array<char, kMaxRowBytes> row_{};
  std::size_t size_ = 0;
};

class FixedDecoder {
 public:
  explicit FixedDecoder(Decoder& source) : source_(source) {}

  template <typename Record, typename... Fields>
  void of(Record& /*record*/, Fields&... all) {
    (get(all), ...);
  }

 private:
  template <std::unsigned_integral T>
  void get(T& value) {
    value = 0;
    const std::string_view bytes = source_.get_raw(sizeof(T));
    for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
      const auto part = static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[byte]));
      value = static_cast<T>(value | (part << (8 * byte)));
    }
  }
  template <Enumeration E>
  void get(E& value) {
    std::uint8_t byte = 0;
    get(byte);
    source_.expect(byte <= static_cast<std::uint8_t>(kLastOf<E>), "an enumerator is not known");
    value = source_.is_ok() ? static_cast<E>(byte) : E{};
  }
  template <typename Tag>
  void get(Id<Tag>& id) {
    std::uint64_t value = 0;
    get(value);
    source_.expect(value <= static_cast<std::uint64_t>(kMaxPublicId), "an id is out of range");
    id.value = source_.is_ok() ? static_cast<std::int64_t>(value) : 0;
  }
  void get(Timestamp& instant) {
    std::uint64_t epoch_ms = 0;
    get(epoch_ms);
    instant = from_epoch_ms(static_cast<std::int64_t>(epoch_ms));
  }

  Decoder& source_;
};

template <typename Row>
void put_row(Encoder& encoder, const Row& row) {
  encoder.put(row);
}

void put_row(Encoder& encoder, const TasksRow& row) {
  SHEAF_CHECK(row.tasks.size() <= core::kTasksPerPage, "a page holds too many tasks");
  encoder.expect_bytes((row.tasks.size() + 1) * sizeof(core::TaskRow));
  encoder.put(static_cast<std::uint32_t>(row.tasks.size()));
  FixedEncoder fixed(encoder);
  for (const core::TaskRow& task : row.tasks) {
    fields(fixed, task);
  }
}

template <typename Row>
void get_row(Decoder& decoder, Row& row) {
  decoder.get(row);
}

void get_row(Decoder& decoder, TasksRow& row) {
  std::uint32_t count = 0;
  decoder.get(count);
  decoder.expect(count <= core::kTasksPerPage, "a page holds too many tasks");
  FixedDecoder fixed(decoder);
  for (; count > 0 && decoder.is_ok(); --count) {
    fields(fixed, row.tasks.emplace_back());
  }
}

}  // namespace

template <typename Row>
std::string encode(const Row& row) {
  Encoder encoder;
  encoder.put_byte(kFormatVersion);
  put_row(encoder, row);
  return encoder.take();
}

std::string encode_events(const std::vector<const core::Event*>& events) {
  constexpr std::size_t kUsualEventBytes = 64;
  Encoder encoder;
  encoder.expect_bytes(events.size() * kUsualEventBytes);
  encoder.put_byte(kFormatVersion);
  encoder.put(events.size());
  for (const core::Event* event : events) {
    encoder.put(*event);
  }
  return encoder.take();
}

template <typename Row>
Result<Row> decode(std::string_view bytes) {
  Decoder decoder(bytes);
  decoder.expect(decoder.get_byte() == kFormatVersion, "the version byte is not known");
  Row row;
  get_row(decoder, row);
  decoder.expect_end();
  if (!decoder.is_ok()) {
    return fail(ErrorCode::kCorrupt, std::string(decoder.fault()));
  }
  return row;
}

template std::string encode<HeadRow>(const HeadRow&);
template std::string encode<IdentityRow>(const IdentityRow&);
template std::string encode<BatchRow>(const BatchRow&);
template std::string encode<EventsRow>(const EventsRow&);
template std::string encode<TasksRow>(const TasksRow&);
template std::string encode<DetailsRow>(const DetailsRow&);
template std::string encode<RunReferenceRow>(const RunReferenceRow&);
template std::string encode<InputsRow>(const InputsRow&);
template std::string encode<DeploymentReferenceRow>(const DeploymentReferenceRow&);
template std::string encode<SettingsRow>(const SettingsRow&);
template std::string encode<MarkRow>(const MarkRow&);
template std::string encode<core::JobRecord>(const core::JobRecord&);
template std::string encode<core::DeploymentRecord>(const core::DeploymentRecord&);
template std::string encode<core::RunRecord>(const core::RunRecord&);
template std::string encode<core::WorkerRecord>(const core::WorkerRecord&);
template std::string encode<core::ScheduleRecord>(const core::ScheduleRecord&);
template std::string encode<core::SkippedFire>(const core::SkippedFire&);
template std::string encode<core::ReceiptRecord>(const core::ReceiptRecord&);
template std::string encode<core::AlertRecord>(const core::AlertRecord&);
template std::string encode<core::HookSecretRecord>(const core::HookSecretRecord&);
template std::string encode<core::PoolRecord>(const core::PoolRecord&);

template Result<HeadRow> decode<HeadRow>(std::string_view);
template Result<IdentityRow> decode<IdentityRow>(std::string_view);
template Result<BatchRow> decode<BatchRow>(std::string_view);
template Result<EventsRow> decode<EventsRow>(std::string_view);
template Result<TasksRow> decode<TasksRow>(std::string_view);
template Result<DetailsRow> decode<DetailsRow>(std::string_view);
template Result<RunReferenceRow> decode<RunReferenceRow>(std::string_view);
template Result<InputsRow> decode<InputsRow>(std::string_view);
template Result<DeploymentReferenceRow> decode<DeploymentReferenceRow>(std::string_view);
template Result<SettingsRow> decode<SettingsRow>(std::string_view);
template Result<MarkRow> decode<MarkRow>(std::string_view);
template Result<core::JobRecord> decode<core::JobRecord>(std::string_view);
template Result<core::DeploymentRecord> decode<core::DeploymentRecord>(std::string_view);
template Result<core::RunRecord> decode<core::RunRecord>(std::string_view);
template Result<core::WorkerRecord> decode<core::WorkerRecord>(std::string_view);
template Result<core::ScheduleRecord> decode<core::ScheduleRecord>(std::string_view);
template Result<core::SkippedFire> decode<core::SkippedFire>(std::string_view);
template Result<core::ReceiptRecord> decode<core::ReceiptRecord>(std::string_view);
template Result<core::AlertRecord> decode<core::AlertRecord>(std::string_view);
template Result<core::HookSecretRecord> decode<core::HookSecretRecord>(std::string_view);
template Result<core::PoolRecord> decode<core::PoolRecord>(std::string_view);

}  // namespace sheaf::store
