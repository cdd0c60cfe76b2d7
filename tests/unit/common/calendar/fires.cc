#include "tests/unit/common/calendar/fires.h"

#include <fstream>
#include <iterator>
#include <map>

#include "common/base/check.h"
#include "common/calendar/rfc3339.h"
#include "common/calendar/tzif.h"

namespace sheaf::calendar {

std::string zone_file(std::string_view name) {
  std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const Zone& zone_named(std::string_view name) {
  static std::map<std::string, Zone, std::less<>> zones;
  auto found = zones.find(name);
  if (found == zones.end()) {
    Result<Zone> zone = parse_tzif(std::string(name), zone_file(name));
    SHEAF_CHECK(zone, "a zone of the tests is missing: " + std::string(name));
    found = zones.emplace(std::string(name), *std::move(zone)).first;
  }
  return found->second;
}

CronExpression expression_of(std::string_view text) {
  Result<CronExpression> expression = CronExpression::parse(text);
  SHEAF_CHECK(expression, std::string(text) + ": " + expression.error().message);
  return *std::move(expression);
}

std::chrono::sys_seconds instant_of(std::string_view rfc3339) {
  const Result<Timestamp> instant = parse_rfc3339(rfc3339);
  SHEAF_CHECK(instant, "no instant: " + std::string(rfc3339));
  return std::chrono::floor<std::chrono::seconds>(*instant);
}

std::vector<std::string> fires(const Question& question) {
  const CronExpression expression = expression_of(question.expression);
  std::vector<std::string> texts;
  std::chrono::sys_seconds after = instant_of(question.after);
  while (texts.size() < question.count) {
    const auto fire = next_fire(expression, zone_named(question.zone), question.rule, after);
    if (!fire) {
      break;
    }
    texts.push_back(format_rfc3339(*fire));
    after = *fire;
  }
  return texts;
}

}  // namespace sheaf::calendar
