#include "bundles/sql_tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

namespace sheaf::bundles {

namespace {

constexpr std::array<std::string_view, 5> kBeforeTables = {
    "FROM", "JOIN", "INTO", "UPDATE", "TABLE"};
constexpr std::array<std::string_view, 9> kNoTables = {
    "IF", "NOT", "EXISTS", "SELECT", "LATERAL", "VALUES", "OVERWRITE", "TABLE", "SET"};

bool belongs_to_word(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("_.`{}$-:").find(letter) != std::string_view::npos;
}

std::string upper(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return static_cast<char>(std::toupper(letter));
  });
  return text;
}

// Words and single other characters; comments are left out.
std::vector<std::string> words_of(std::string_view sql) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < sql.size();) {
    if (sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
      continue;
    }
    std::size_t end = at;
    while (end < sql.size() && belongs_to_word(sql[end])) {
      ++end;
    }
    end = std::max(end, at + 1);
    if (std::isspace(static_cast<unsigned char>(sql[at])) == 0) {
      words.emplace_back(sql.substr(at, end - at));
    }
    at = end;
  }
  return words;
}

bool holds(const auto& list, const std::string& word) {
  return std::ranges::find(list, word) != list.end();
}

// What WITH defines: `name AS (`.
std::vector<std::string> own_names(const std::vector<std::string>& words) {
  std::vector<std::string> own;
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (upper(words[i + 1]) == "AS" && words[i + 2] == "(") {
      own.push_back(words[i]);
    }
  }
  return own;
}

void add_table(const std::string& word,
               const std::vector<std::string>& own,
               std::vector<std::string>& tables) {
  std::string name = word;
  std::erase(name, '`');
  const bool is_name = !name.empty() && belongs_to_word(word.front());
  if (is_name && !holds(own, word) && !holds(tables, name)) {
    tables.push_back(std::move(name));
  }
}

}  // namespace

std::vector<std::string> tables_of_sql(std::string_view sql) {
  const std::vector<std::string> words = words_of(sql);
  const std::vector<std::string> own = own_names(words);
  std::vector<std::string> tables;
  bool is_expected = false;
  for (const std::string& word : words) {
    const std::string keyword = upper(word);
    if (holds(kBeforeTables, keyword)) {
      is_expected = true;
    } else if (is_expected && !holds(kNoTables, keyword)) {
      is_expected = false;
      add_table(word, own, tables);
    }
  }
  return tables;
}

}  // namespace sheaf::bundles
