#include "common/calendar/zone.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace sheaf::calendar {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr sys_seconds kFirstInstant{sys_days{std::chrono::year{0} / 1 / 1}};
constexpr sys_seconds kLastInstant{sys_days{std::chrono::year{9999} / 12 / 31}};
constexpr std::chrono::minutes kMaxFixedOffset{18 * 60};

/// Takes one or two digits from the front of `text`.
[[nodiscard]] std::optional<int> take_digits(std::string_view& text) {
  int value = 0;
  std::size_t length = 0;
  while (length < 2 && length < text.size() && text[length] >= '0' && text[length] <= '9') {
    value = value * 10 + (text[length] - '0');
    ++length;
  }
  text.remove_prefix(length);
  return length > 0 ? std::optional(value) : std::nullopt;
}

/// `+2`, `-03:30`.
[[nodiscard]] std::optional<seconds> parse_offset(std::string_view text) {
  if (text.size() < 2 || (text.front() != '+' && text.front() != '-')) {
    return std::nullopt;
  }
  const int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_digits(text);
  std::optional<int> minutes = 0;
  if (text.size() == 3 && text.front() == ':') {
    text.remove_prefix(1);
    minutes = take_digits(text);
  }
  if (!hours || !minutes || !text.empty() || *minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  return offset <= kMaxFixedOffset ? std::optional<seconds>(sign * offset) : std::nullopt;
}

}  // namespace

Zone::Zone(std::string name, seconds first_offset, const std::vector<Transition>& transitions)
    : name_(std::move(name)), first_offset_(first_offset) {
  transitions_.reserve(transitions.size());
  seconds offset = first_offset;
  sys_seconds last = kFirstInstant;
  for (const Transition& transition : transitions) {
    if (transition.at <= kFirstInstant) {
      first_offset_ = offset = transition.offset;
      continue;
    }
    SHEAF_CHECK(transition.at > last, "the transitions of a zone rise strictly");
    last = transition.at;
    if (transition.offset != offset) {
      offset = transition.offset;
      transitions_.push_back(transition);
    }
  }
}

std::size_t Zone::period_index(sys_seconds instant) const {
  const auto next = std::ranges::upper_bound(transitions_, instant, {}, &Transition::at);
  return static_cast<std::size_t>(next - transitions_.begin());
}

Zone::Period Zone::period(std::size_t index) const {
  SHEAF_CHECK(index < period_count(), "a zone has no such period");
  const auto offset_of = [this](std::size_t number) {
    return number == 0 ? first_offset_ : transitions_[number - 1].offset;
  };
  const bool is_last = index == transitions_.size();
  return Period{.begin = index == 0 ? kFirstInstant : transitions_[index - 1].at,
                .end = is_last ? kLastInstant : transitions_[index].at,
                .offset = offset_of(index),
                .offset_before = offset_of(index == 0 ? 0 : index - 1),
                .offset_after = offset_of(is_last ? index : index + 1)};
}

std::optional<Zone> fixed_zone(std::string_view name) {
  if (name == "UTC" || name == "GMT" || name == "Z") {
    return Zone(std::string(name), seconds{0}, {});
  }
  if (!name.starts_with("UTC") && !name.starts_with("GMT")) {
    return std::nullopt;
  }
  const auto offset = parse_offset(name.substr(3));
  return offset ? std::optional(Zone(std::string(name), *offset, {})) : std::nullopt;
}

}  // namespace sheaf::calendar
