// A time zone as a value: a table of UTC offsets, complete up to the year 2200. No file is read
// here: tzif.h makes a zone of the bytes of a zone file, common/os/zones.h reads that file, tests
// write their own.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf::calendar {

/// From `at` on, local time is UTC plus `offset`.
struct Transition {
  std::chrono::sys_seconds at;
  std::chrono::seconds offset;

  friend bool operator==(const Transition&, const Transition&) = default;
};

/// Year up to whose end a rule without an end is written out. An expression fires at most 100 years
/// ahead, so every instant before 2100 is served exactly; later ones see the offset of that year's
/// end.
inline constexpr std::chrono::year kLastZoneYear{2200};

class Zone {
 public:
  /// A stretch of constant offset, with the offsets on either side (its own where there is none).
  struct Period {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;  ///< Exclusive.
    std::chrono::seconds offset;
    std::chrono::seconds offset_before;
    std::chrono::seconds offset_after;
  };

  /// Requires: `transitions` rise strictly. Those that change no offset are dropped.
  Zone(std::string name,
       std::chrono::seconds first_offset,
       const std::vector<Transition>& transitions);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds instant) const {
    return period(period_index(instant)).offset;
  }
  [[nodiscard]] const std::vector<Transition>& transitions() const { return transitions_; }

  /// Periods are numbered by time, from 0. Together they cover the years 0 to 9999.
  [[nodiscard]] std::size_t period_count() const { return transitions_.size() + 1; }
  /// The period that holds `instant`, or the outermost one on its side. O(log n).
  [[nodiscard]] std::size_t period_index(std::chrono::sys_seconds instant) const;
  /// Requires: `index < period_count()`.
  [[nodiscard]] Period period(std::size_t index) const;

 private:
  std::string name_;
  std::chrono::seconds first_offset_;
  std::vector<Transition> transitions_;
};

/// The zone of a Java id that needs no zone file: `UTC`, `GMT`, `Z`, and `UTC` or `GMT` with a
/// fixed offset of at most 18 hours, e.g. `GMT+2`, `UTC-03:30` (unlike the file `Etc/GMT+2`, east
/// is positive).
[[nodiscard]] std::optional<Zone> fixed_zone(std::string_view name);

}  // namespace sheaf::calendar
