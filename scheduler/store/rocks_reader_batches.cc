#include "scheduler/store/batch_chain.h"
#include "scheduler/store/rocks_reader.h"

namespace sheaf::store {

Result<std::optional<BatchEvents>> RocksReader::batch(std::uint64_t number) const {
  const auto row = find<BatchRow>(Key(Table::kBatch).number(number));
  if (!row) {
    return fail(row.error());
  }
  if (!row->has_value()) {
    return std::optional<BatchEvents>{};
  }
  std::uint64_t previous = 0;
  if (number > 1) {
    const auto before = find<BatchRow>(Key(Table::kBatch).number(number - 1));
    if (!before) {
      return fail(before.error());
    }
    if (!before->has_value()) {
      return fail(ErrorCode::kCorrupt, "batch " + std::to_string(number - 1) + " is missing");
    }
    previous = (*before)->chain;
  }
  EventBytes bytes;
  for (const BatchRow::Segment& segment : (*row)->segments) {
    auto events = find_bytes(events_key(segment.run, number));
    if (!events) {
      return fail(events.error());
    }
    bytes.emplace(segment.run, std::move(*events).value_or(std::string()));
  }
  if (chain_of(previous, **row, bytes) != (*row)->chain) {
    return fail(ErrorCode::kCorrupt,
                "the events of batch " + std::to_string(number) + " do not match the hash chain");
  }
  auto events = events_in_order(**row, bytes);
  if (!events) {
    return fail(events.error(), "batch " + std::to_string(number));
  }
  return std::optional(BatchEvents{.epoch = (*row)->epoch, .events = *std::move(events)});
}

}  // namespace sheaf::store
