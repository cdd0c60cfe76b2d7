// The fire times that docs/schedules.md promises.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/common/calendar/fires.h"

namespace sheaf::calendar {
namespace {

/// The cells of a table's row, without blanks and code marks around them.
std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  for (std::size_t start = 1; start < row.size();) {
    const std::size_t end = std::min(row.find('|', start), row.size());
    const std::string cell = row.substr(start, end - start);
    const std::size_t first = std::min(cell.find_first_not_of(" `"), cell.size());
    cells.push_back(cell.substr(first, cell.find_last_not_of(" `") + 1 - first));
    start = end + 1;
  }
  return cells;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) {
    result += (result.empty() ? "" : ", ") + text;
  }
  return result;
}

/// Rows with an instant in the fourth of five cells.
std::vector<std::vector<std::string>> rows_with_fires() {
  std::ifstream document("docs/schedules.md");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(document, line);) {
    std::vector<std::string> cells = cells_of(line);
    if (cells.size() == 5 && cells[3].ends_with('Z')) {
      rows.push_back(std::move(cells));
    }
  }
  return rows;
}

TEST(ScheduleDocument, TellsTheTrueFireTimes) {
  const auto rows = rows_with_fires();
  EXPECT_GE(rows.size(), 20u);
  for (const auto& row : rows) {
    const auto rule = parse_daylight_saving(row[2]);
    ASSERT_TRUE(rule) << row[2];
    const auto commas = std::count(row[4].begin(), row[4].end(), ',');
    EXPECT_EQ(joined(fires({.expression = row[0],
                            .zone = row[1],
                            .rule = *rule,
                            .after = row[3],
                            .count = static_cast<std::size_t>(commas) + 1})),
              row[4])
        << row[0] << " in " << row[1];
  }
}

}  // namespace
}  // namespace sheaf::calendar
