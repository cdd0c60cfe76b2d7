#include "common/calendar/tzif.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/calendar/posix_rule.h"

namespace sheaf::calendar {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kLocalTypeBytes = 6;
constexpr seconds kMaxOffset = std::chrono::hours{26};
/// Instants before it say "always"; outside it, calendar arithmetic could overflow.
constexpr std::int64_t kEarliestInstant = -(std::int64_t{1} << 59);
constexpr std::int64_t kLatestInstant = 253'402'300'799;  // The last second of the year 9999.

/// The counts of a header, in the order of the file.
struct Counts {
  std::size_t utc_flags;
  std::size_t standard_flags;
  std::size_t leap_seconds;
  std::size_t transitions;
  std::size_t local_types;
  std::size_t characters;
};

/// One header, and the block of numbers behind it.
struct Block {
  char version = '\0';
  Counts counts{};
  std::size_t instant_bytes = 4;
  std::string_view body;

  [[nodiscard]] std::size_t size() const {
    return counts.transitions * (instant_bytes + 1) + counts.local_types * kLocalTypeBytes +
           counts.characters + counts.leap_seconds * (instant_bytes + 4) + counts.standard_flags +
           counts.utc_flags;
  }
};

/// A big-endian number of two's complement. Requires: `bytes.size()` is 4 or 8.
[[nodiscard]] std::int64_t signed_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return bytes.size() == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value))
                           : static_cast<std::int64_t>(value);
}

[[nodiscard]] std::size_t count_at(std::string_view header, std::size_t index) {
  const std::int64_t value = signed_number(header.substr(20 + 4 * index, 4));
  return static_cast<std::uint32_t>(value);
}

/// Reads the header at the front of `bytes`; nothing if it or its block is not whole.
[[nodiscard]] std::optional<Block> read_block(std::string_view bytes, std::size_t instant_bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif")) {
    return std::nullopt;
  }
  Block block{.version = bytes[4],
              .counts = {.utc_flags = count_at(bytes, 0),
                         .standard_flags = count_at(bytes, 1),
                         .leap_seconds = count_at(bytes, 2),
                         .transitions = count_at(bytes, 3),
                         .local_types = count_at(bytes, 4),
                         .characters = count_at(bytes, 5)},
              .instant_bytes = instant_bytes,
              .body = bytes.substr(kHeaderBytes)};
  if (block.body.size() < block.size()) {
    return std::nullopt;
  }
  return block;
}

/// The UTC offsets of the local time types; nothing if one is out of bounds or there is none.
[[nodiscard]] std::optional<std::vector<seconds>> read_offsets(const Block& block) {
  const std::size_t start = block.counts.transitions * (block.instant_bytes + 1);
  std::vector<seconds> offsets;
  for (std::size_t index = 0; index < block.counts.local_types; ++index) {
    const seconds offset{signed_number(block.body.substr(start + index * kLocalTypeBytes, 4))};
    if (offset >= kMaxOffset || offset <= -kMaxOffset) {
      return std::nullopt;
    }
    offsets.push_back(offset);
  }
  return offsets.empty() ? std::nullopt : std::optional(std::move(offsets));
}

[[nodiscard]] std::optional<std::vector<Transition>> read_transitions(
    const Block& block, const std::vector<seconds>& offsets) {
  const std::size_t types = block.counts.transitions * block.instant_bytes;
  std::vector<Transition> transitions;
  for (std::size_t index = 0; index < block.counts.transitions; ++index) {
    const std::int64_t at =
        signed_number(block.body.substr(index * block.instant_bytes, block.instant_bytes));
    const std::size_t type = static_cast<unsigned char>(block.body[types + index]);
    const sys_seconds instant{seconds{at}};
    const bool rises = transitions.empty() || transitions.back().at < instant;
    if (at < kEarliestInstant || at > kLatestInstant || type >= offsets.size() || !rises) {
      return std::nullopt;
    }
    transitions.push_back({.at = instant, .offset = offsets[type]});
  }
  return transitions;
}

/// The rule between the two line ends that close a file, or "".
[[nodiscard]] std::optional<std::string_view> read_rule(std::string_view footer) {
  if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') {
    return std::nullopt;
  }
  return footer.substr(1, footer.size() - 2);
}

/// Appends what `rule` says from the last of `transitions` on.
[[nodiscard]] Result<void> continue_by_rule(std::string_view rule,
                                            std::vector<Transition>& transitions) {
  if (rule.empty()) {
    return {};
  }
  auto first = std::chrono::year{1970};
  if (!transitions.empty()) {
    const auto day = std::chrono::floor<std::chrono::days>(transitions.back().at);
    first = std::max(first, std::chrono::year_month_day{day}.year());
  }
  const auto later = transitions_of_rule(rule, first);
  if (!later) {
    return fail(later.error());
  }
  for (const Transition& transition : *later) {
    if (transitions.empty() || transition.at > transitions.back().at) {
      transitions.push_back(transition);
    } else if (transition.at == transitions.back().at) {
      transitions.back() = transition;
    }
  }
  return {};
}

}  // namespace

Result<Zone> parse_tzif(std::string name, std::string_view bytes) {
  const Failure damaged = fail(ErrorCode::kCorrupt, "the zone file of " + name + " is damaged");
  std::optional<Block> block = read_block(bytes, 4);
  std::string_view rule;
  if (block && block->version >= '2') {
    block = read_block(block->body.substr(block->size()), 8);
    const auto found = block ? read_rule(block->body.substr(block->size())) : std::nullopt;
    if (!found) {
      return damaged;
    }
    rule = *found;
  }
  if (!block) {
    return damaged;
  }
  if (block->counts.leap_seconds != 0) {
    return fail(ErrorCode::kUnsupported, "the zone " + name + " counts leap seconds; UTC does not");
  }
  const auto offsets = read_offsets(*block);
  auto transitions = offsets ? read_transitions(*block, *offsets) : std::nullopt;
  if (!transitions) {
    return damaged;
  }
  if (const auto continued = continue_by_rule(rule, *transitions); !continued) {
    return fail(continued.error(), "the zone file of " + name);
  }
  return Zone(std::move(name), offsets->front(), *transitions);
}

}  // namespace sheaf::calendar
