#include "common/model/strict_json.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace sheaf::model {
namespace {

namespace json = boost::json;

// Listens to the parser only to see every key of every object: the DOM keeps the last of two equal
// ones.
class DuplicateKeyFinder {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  [[nodiscard]] const std::string& duplicate() const { return duplicate_; }

  // The parser's own hooks, in its spelling.
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    keys_.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_.append(part.data(), part.size());
    const bool is_new = keys_.back().insert(key_).second;
    if (!is_new) {
      duplicate_ = key_;
      error = json::error::syntax;
    }
    key_.clear();
    return is_new;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string key_;
  std::string duplicate_;
};

std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n');
  const std::size_t column =
      line_start == std::string_view::npos ? before.size() + 1 : before.size() - line_start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

}  // namespace

Result<json::value> parse_strict_json(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return fail(ErrorCode::kExhausted,
                "the document has " + std::to_string(text.size()) + " bytes, more than the " +
                    std::to_string(max_bytes) + " allowed");
  }
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<DuplicateKeyFinder> parser(options);
  json::error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  const std::string& duplicate = parser.handler().duplicate();
  if (!duplicate.empty()) {
    return fail(
        ErrorCode::kInvalid,
        "the key \"" + duplicate + "\" is given twice in one object, at " + place(text, read));
  }
  if (error == json::error::too_deep) {
    return fail(
        ErrorCode::kInvalid,
        "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels, at " + place(text, read));
  }
  if (error) {
    return fail(ErrorCode::kInvalid, "not JSON: " + error.message() + ", at " + place(text, read));
  }
  if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "text behind the JSON value, at " + place(text, read));
  }
  return json::parse(json::string_view(text.data(), text.size()), error, {}, options);
}

}  // namespace sheaf::model
