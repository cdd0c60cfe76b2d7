#include "tests/scenario/words.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/check.h"

namespace sheaf::scenario {
namespace {

/// Parts at spaces outside quotes; the quotes go.
std::vector<std::string> unquoted_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool is_quoted = false;
  for (const char letter : line + " ") {
    if (letter == '"') {
      is_quoted = !is_quoted;
    } else if (letter != ' ' || is_quoted) {
      word += letter;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

}  // namespace

Words::Words(const std::string& line) : line_(line) {
  for (const std::string& word : unquoted_words(line)) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) {
      plain_.push_back(word);
    } else {
      options_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  SHEAF_CHECK(!plain_.empty(), "a scenario line without a verb: " + line);
}

const std::string& Words::word(std::size_t position) const {
  SHEAF_CHECK(position + 1 < plain_.size(), "a word is missing: " + line_);
  return plain_[position + 1];
}

bool Words::has(const std::string& key) const {
  return options_.contains(key) || std::ranges::find(plain_, key) != plain_.end();
}

std::string Words::option(const std::string& key, const std::string& otherwise) const {
  const auto found = options_.find(key);
  return found == options_.end() ? otherwise : found->second;
}

long Words::number(const std::string& key, long otherwise) const {
  const auto found = options_.find(key);
  return found == options_.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
}

std::vector<std::string> Words::list(const std::string& key) const {
  const auto found = options_.find(key);
  return found == options_.end() ? std::vector<std::string>() : split(found->second, ',');
}

Milliseconds parse_duration(const std::string& text) {
  char* unit_begin = nullptr;
  const long count = std::strtol(text.c_str(), &unit_begin, 10);
  const std::string unit(unit_begin);
  if (unit == "ms") {
    return Milliseconds{count};
  }
  if (unit == "s") {
    return std::chrono::seconds{count};
  }
  if (unit == "m") {
    return std::chrono::minutes{count};
  }
  SHEAF_CHECK(unit == "h", "not a duration: " + text);
  return std::chrono::hours{count};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const auto end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) {
      return parts;
    }
    begin = end + 1;
  }
}

}  // namespace sheaf::scenario
