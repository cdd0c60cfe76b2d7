#include "scheduler/store/batch_chain.h"

#include "scheduler/store/chain.h"

namespace sheaf::store {

std::uint64_t chain_of(std::uint64_t previous, const BatchRow& row, const EventBytes& bytes) {
  BatchRow unchained = row;
  unchained.chain = 0;
  std::uint64_t chain = chain_hash(previous, encode(unchained));
  for (const auto& [run, events] : bytes) {
    chain = chain_hash(chain, events);
  }
  return chain;
}

SplitEvents split_events(const Batch& batch, std::uint64_t previous) {
  SplitEvents split;
  split.row.epoch = batch.epoch;
  std::map<RunId, std::vector<const core::Event*>> rows;
  for (const Batch::RunEvents& segment : batch.events) {
    split.row.segments.push_back(
        {.run = segment.run, .count = static_cast<std::uint32_t>(segment.events.size())});
    auto& events = rows[segment.run];
    for (const core::Event& event : segment.events) {
      events.push_back(&event);
    }
  }
  for (const auto& [run, events] : rows) {
    split.bytes.emplace(run, encode_events(events));
  }
  split.row.chain = chain_of(previous, split.row, split.bytes);
  return split;
}

Result<std::vector<core::Event>> events_in_order(const BatchRow& row, const EventBytes& bytes) {
  struct Source {
    std::vector<core::Event> events;
    std::size_t taken = 0;
  };
  std::map<RunId, Source> sources;
  for (const auto& [run, encoded] : bytes) {
    auto decoded = decode<EventsRow>(encoded);
    if (!decoded) {
      return fail(decoded.error(), "events of run " + to_string(run));
    }
    sources[run].events = std::move(decoded->events);
  }
  std::vector<core::Event> ordered;
  for (const BatchRow::Segment& segment : row.segments) {
    Source& source = sources[segment.run];
    for (std::uint32_t count = 0; count < segment.count; ++count) {
      if (source.taken == source.events.size()) {
        return fail(ErrorCode::kCorrupt, "run " + to_string(segment.run) + " has too few events");
      }
      ordered.push_back(std::move(source.events[source.taken++]));
    }
  }
  return ordered;
}

}  // namespace sheaf::store
