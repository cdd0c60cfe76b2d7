// next_fire against its definition: every half minute of the days around a clock change is asked
// whether it is a fire time. The expressions are random; their values are kept beside the text, so
// that the parser is checked as well.
#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/calendar/next_fire.h"
#include "common/calendar/rfc3339.h"
#include "tests/unit/common/calendar/fires.h"

namespace sheaf::calendar {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr seconds kStep{30};
constexpr unsigned kSeed = 20'261'124;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int between(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
  template <typename T>
  const T& one_of(const std::vector<T>& choices) {
    return choices[static_cast<std::size_t>(between(0, static_cast<int>(choices.size()) - 1))];
  }

 private:
  std::mt19937 engine_;
};

struct Field {
  std::string text;
  std::vector<bool> values = std::vector<bool>(64, false);
};

/// A random field of `first` … `last` in one of the grammar's forms; its numbers are at most
/// `largest`.
Field random_field(Random& random, int first, int last, int largest) {
  Field field;
  const int low = random.between(first, largest);
  const int high = random.between(first, largest);
  const int step = random.between(1, last);
  const auto mark = [&field](int value) { field.values[static_cast<std::size_t>(value)] = true; };
  const auto number = [](int value) { return std::to_string(value); };
  switch (random.between(0, 5)) {
    case 0:
      field.text = "*";
      for (int value = first; value <= last; ++value) {
        mark(value);
      }
      break;
    case 1:
      field.text = number(low) + "/" + number(std::min(step, last));
      for (int value = low; value <= last; value += step) {
        mark(value);
      }
      break;
    case 2:
      field.text = number(low) + "-" + number(high);
      mark(high);
      for (int value = low; value != high; value = value == last ? first : value + 1) {
        mark(value);
      }
      break;
    case 3:
      field.text = number(low) + "," + number(high);
      mark(low);
      mark(high);
      break;
    default:
      field.text = number(low);
      mark(low);
  }
  return field;
}

struct RandomDays {
  std::string day_of_month = "?";
  std::string day_of_week = "?";
  std::function<bool(year_month_day)> holds;
};

int quartz_weekday(year_month_day date) {
  return static_cast<int>(weekday{local_days{date}}.c_encoding()) + 1;
}
int day_number(year_month_day date) {
  return static_cast<int>(static_cast<unsigned>(date.day()));
}
int days_in_month(year_month_day date) {
  return static_cast<int>(
      static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day()));
}
bool is_weekday(year_month_day date) {
  return quartz_weekday(date) != 1 && quartz_weekday(date) != 7;
}

/// Whether `date` is the weekday nearest to day `day` of its month: of all its weekdays the one
/// with the smallest distance, the earlier of two (a Saturday's Friday is nearer than its Monday).
bool is_nearest_weekday(year_month_day date, int day) {
  if (day < 1 || day > days_in_month(date) || !is_weekday(date)) {
    return false;
  }
  const int distance = std::abs(day_number(date) - day);
  for (int other = 1; other <= days_in_month(date); ++other) {
    const year_month_day candidate =
        date.year() / date.month() / std::chrono::day{static_cast<unsigned>(other)};
    if (is_weekday(candidate) && std::abs(other - day) < distance) {
      return false;
    }
  }
  return true;
}

RandomDays random_days_of_month(Random& random) {
  RandomDays result;
  const int number = random.between(1, 31);
  const int before = random.between(0, 30);
  const Field field = random_field(random, 1, 31, 31);
  switch (random.between(0, 5)) {
    case 0:
      result.day_of_month = "L-" + std::to_string(before);
      result.holds = [before](year_month_day date) {
        return day_number(date) == days_in_month(date) - before;
      };
      break;
    case 1:
      result.day_of_month = "LW";
      result.holds = [](year_month_day date) {
        return is_nearest_weekday(date, days_in_month(date));
      };
      break;
    case 2:
      result.day_of_month = std::to_string(number) + "W";
      result.holds = [number](year_month_day date) { return is_nearest_weekday(date, number); };
      break;
    default:
      result.day_of_month = field.text;
      result.holds = [values = field.values](year_month_day date) {
        return values[static_cast<std::size_t>(day_number(date))];
      };
  }
  return result;
}

RandomDays random_days_of_week(Random& random) {
  RandomDays result;
  const int number = random.between(1, 7);
  const int nth = random.between(1, 5);
  const Field field = random_field(random, 1, 7, 7);
  switch (random.between(0, 3)) {
    case 0:
      result.day_of_week = std::to_string(number) + "L";
      result.holds = [number](year_month_day date) {
        return quartz_weekday(date) == number && day_number(date) > days_in_month(date) - 7;
      };
      break;
    case 1:
      result.day_of_week = std::to_string(number) + "#" + std::to_string(nth);
      result.holds = [number, nth](year_month_day date) {
        return quartz_weekday(date) == number && (day_number(date) - 1) / 7 == nth - 1;
      };
      break;
    default:
      result.day_of_week = field.text;
      result.holds = [values = field.values](year_month_day date) {
        return values[static_cast<std::size_t>(quartz_weekday(date))];
      };
  }
  return result;
}

/// An expression, and what it means by plain look-up.
class Model {
 public:
  /// Without `any_days`, every day matches: then the days around a clock change are full of fires.
  Model(Random& random, bool any_days) {
    seconds_.text = random.one_of<std::string>({"0", "30", "0,30", "0/30"});
    seconds_.values[0] = seconds_.text != "30";
    seconds_.values[30] = seconds_.text != "0";
    minutes_ = random_field(random, 0, 59, 59);
    hours_ = random_field(random, 0, 23, random.between(0, 1) == 0 ? 23 : 3);
    months_ = random_field(random, 1, 12, 12);
    days_ = random.between(0, 1) == 0 ? random_days_of_month(random) : random_days_of_week(random);
    if (!any_days) {
      months_ = {.text = "*", .values = std::vector<bool>(64, true)};
      days_ = {.day_of_month = "*", .holds = [](year_month_day) { return true; }};
    }
  }

  [[nodiscard]] std::string text() const {
    return seconds_.text + " " + minutes_.text + " " + hours_.text + " " + days_.day_of_month +
           " " + months_.text + " " + days_.day_of_week;
  }

  [[nodiscard]] bool has_day(year_month_day date) const {
    return months_.values[static_cast<unsigned>(date.month())] && days_.holds(date);
  }

  [[nodiscard]] bool matches(local_seconds local) const {
    const auto day = std::chrono::floor<days>(local);
    const std::chrono::hh_mm_ss time{local - day};
    return hours_.values[static_cast<std::size_t>(time.hours().count())] &&
           minutes_.values[static_cast<std::size_t>(time.minutes().count())] &&
           seconds_.values[static_cast<std::size_t>(time.seconds().count())] &&
           has_day(year_month_day{day});
  }

 private:
  Field seconds_;
  Field minutes_;
  Field hours_;
  Field months_;
  RandomDays days_;
};

/// One clock change of a zone: before it UTC + `before`, from it on UTC + `after`, and no other one
/// near.
struct Change {
  sys_seconds at;
  seconds before;
  seconds after;

  [[nodiscard]] local_seconds local(sys_seconds instant) const {
    return local_by(instant, instant < at ? before : after);
  }
  static local_seconds local_by(sys_seconds instant, seconds offset) {
    return local_seconds{instant.time_since_epoch() + offset};
  }
};

bool any_match(const Model& model, local_seconds from, local_seconds end) {
  for (; from < end; from += kStep) {
    if (model.matches(from)) {
      return true;
    }
  }
  return false;
}

/// The definition of kWallClock for expressions of fixed times.
bool fires_fixed(const Model& model, const Change& change, sys_seconds instant) {
  const bool in_second_pass =
      instant >= change.at && instant < change.at + (change.before - change.after);
  const bool ends_a_gap =
      instant == change.at &&
      any_match(
          model, Change::local_by(instant, change.before), Change::local_by(instant, change.after));
  return ends_a_gap || (!in_second_pass && model.matches(change.local(instant)));
}

/// The definition of kWallClock for expressions that follow elapsed time.
bool fires_elapsed(const Model& model, const Change& change, sys_seconds instant) {
  const bool in_gap = instant >= change.at && instant < change.at + (change.after - change.before);
  return model.matches(change.local(instant)) ||
         (in_gap && model.matches(Change::local_by(instant, change.before)));
}

/// The definition of kQuartz: walk the wall clock on from `after`, and take the last instant that
/// shows it.
sys_seconds next_by_quartz(const Model& model,
                           const Change& change,
                           sys_seconds after,
                           sys_seconds end) {
  for (local_seconds local = change.local(after + kStep);; local += kStep) {
    const sys_seconds late{local.time_since_epoch() - change.after};
    const sys_seconds early{local.time_since_epoch() - change.before};
    if (std::min(early, late) >= end) {
      return end;
    }
    if (model.matches(local) && late >= change.at) {
      return late;
    }
    if (model.matches(local) && early < change.at) {
      return early;
    }
  }
}

std::vector<sys_seconds> expected_fires(const Model& model,
                                        const Change& change,
                                        DaylightSaving rule,
                                        sys_seconds after,
                                        sys_seconds end) {
  std::vector<sys_seconds> fires;
  if (rule == DaylightSaving::kQuartz) {
    for (sys_seconds next = next_by_quartz(model, change, after, end); next < end;
         next = next_by_quartz(model, change, next, end)) {
      fires.push_back(next);
    }
    return fires;
  }
  const bool elapsed = expression_of(model.text()).follows_elapsed_time();
  for (sys_seconds instant = after + kStep; instant < end; instant += kStep) {
    if (elapsed ? fires_elapsed(model, change, instant) : fires_fixed(model, change, instant)) {
      fires.push_back(instant);
    }
  }
  return fires;
}

/// A random clock change between 2000 and 2060 with no other one within four days.
Change random_change(Random& random, const Zone& zone) {
  while (true) {
    const int last = static_cast<int>(zone.period_count()) - 2;
    const auto index = static_cast<std::size_t>(random.between(1, last));
    const Zone::Period period = zone.period(index);
    const bool is_recent = period.begin > instant_of("2000-01-01T00:00:00Z") &&
                           period.begin < instant_of("2060-01-01T00:00:00Z");
    const bool is_alone = period.end - period.begin > days{4} &&
                          period.begin - zone.period(index - 1).begin > days{4};
    if (is_recent && is_alone) {
      return {.at = period.begin, .before = period.offset_before, .after = period.offset};
    }
  }
}

std::string text_of(std::optional<sys_seconds> fire) {
  return fire ? format_rfc3339(*fire) : "never";
}

void expect_same_fires(Random& random, const Zone& zone) {
  const Change change = random_change(random, zone);
  const Model model(random, random.between(0, 3) == 0);
  const auto rule =
      random.between(0, 2) == 0 ? DaylightSaving::kQuartz : DaylightSaving::kWallClock;
  const sys_seconds start = change.at - hours{30} + kStep * random.between(0, 2 * 60 * 32);
  const sys_seconds end = change.at + hours{30};
  const CronExpression expression = expression_of(model.text());
  SCOPED_TRACE("seed " + std::to_string(kSeed) + ": " + model.text() + " in " + zone.name() +
               " by " + std::string(to_string(rule)) + " after " + format_rfc3339(start));
  sys_seconds after = start;
  for (const sys_seconds expected : expected_fires(model, change, rule, start, end)) {
    const auto fire = next_fire(expression, zone, rule, after);
    ASSERT_EQ(text_of(fire), text_of(expected)) << "after " << format_rfc3339(after);
    after = expected;
  }
  const auto beyond = next_fire(expression, zone, rule, after);
  EXPECT_GE(beyond.value_or(end), end) << text_of(beyond);
}

TEST(NextFireProperty, HoldsItsDefinitionAroundClockChanges) {
  Random random(kSeed);
  const std::vector<std::string> names{"Europe/Berlin",
                                       "America/New_York",
                                       "Australia/Lord_Howe",
                                       "Pacific/Apia",
                                       "Pacific/Chatham",
                                       "America/Santiago",
                                       "Africa/Cairo",
                                       "Europe/Dublin",
                                       "Antarctica/Troll",
                                       "Africa/Casablanca",
                                       "Asia/Gaza",
                                       "America/Caracas"};
  for (int round = 0; round < 120 && !testing::Test::HasFailure(); ++round) {
    expect_same_fires(random, zone_named(random.one_of(names)));
  }
}

TEST(NextFireProperty, FindsTheFirstMatchingDay) {
  Random random(kSeed + 1);
  for (int round = 0; round < 400 && !testing::Test::HasFailure(); ++round) {
    const Model model(random, true);
    const local_days start =
        local_days{std::chrono::year{2026} / 1 / 1} + days{random.between(0, 4'000)};
    local_days expected = start;
    while (!model.has_day(year_month_day{expected}) && expected < start + days{3'000}) {
      expected += days{1};
    }
    const auto match = expression_of(model.text()).next_match(start, start + days{3'000});
    const local_days found = match ? std::chrono::floor<days>(*match) : start + days{3'000};
    EXPECT_EQ(found, expected) << "seed " << kSeed + 1 << ": " << model.text();
  }
}

}  // namespace
}  // namespace sheaf::calendar
