// One line of a scenario in its parts: the verb, plain words, `key=value` options, flags.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/time.h"

namespace sheaf::scenario {

class Words {
 public:
  /// Values may stand in double quotes; there is no escape.
  explicit Words(const std::string& line);

  [[nodiscard]] const std::string& verb() const { return plain_.at(0); }
  /// The word at `position` after the verb (0 is the first); aborts with the line when missing.
  [[nodiscard]] const std::string& word(std::size_t position) const;
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::string option(const std::string& key, const std::string& otherwise = "") const;
  [[nodiscard]] long number(const std::string& key, long otherwise) const;
  /// The comma-separated parts of an option; empty when absent.
  [[nodiscard]] std::vector<std::string> list(const std::string& key) const;
  [[nodiscard]] const std::map<std::string, std::string>& options() const { return options_; }

 private:
  std::string line_;
  std::vector<std::string> plain_;
  std::map<std::string, std::string> options_;
};

/// "250ms", "30s", "5m", "48h", also with a leading "+".
[[nodiscard]] Milliseconds parse_duration(const std::string& text);

[[nodiscard]] std::vector<std::string> split(const std::string& text, char separator);

}  // namespace sheaf::scenario
