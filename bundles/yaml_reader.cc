#include "bundles/yaml_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "bundles/limits.h"
#include "bundles/scalars.h"
#include "bundles/source_lines.h"
#include "bundles/utf8.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

[[noreturn]] void refuse(const YAML::Mark& mark, const std::string& message) {
  throw YAML::ParserException(mark, message);
}

// A quoted scalar must be closed: yaml-cpp takes the end of the file for the closing quote.
bool is_closed(std::string_view source) {
  const char quote = source.front();
  for (std::size_t i = 1; i < source.size(); ++i) {
    if (quote == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == quote) {
      return true;
    }
  }
  return false;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceLines& lines, Findings& findings) : lines_(lines), findings_(findings) {}

  [[nodiscard]] Value take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      refuse(mark, "a second document; a bundle's file holds one");
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Value value;
    const bool is_item = !levels_.empty() && levels_.back().value.is_list();
    value.place = is_item ? lines_.locate_null_item(mark.line, mark.column) : place_of(mark);
    attach(mark, std::move(value), anchor, false);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      refuse(mark, "an anchor that contains itself");
    }
    count(mark, count_nodes(found->second));
    Value copy = found->second;
    copy.other_places.push_back(copy.place);
    copy.place = place_of(mark);
    copy.is_anchored = false;
    attach(mark, std::move(copy), 0, false);
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& text) override {
    const std::string_view source = lines_.text_from(mark.line, mark.column);
    if (tag == "!" && (source.starts_with('"') || source.starts_with('\'')) && !is_closed(source)) {
      refuse(mark, "a quote that is never closed");
    }
    attach(mark, scalar(mark, tag, text), anchor, tag == "?" && text == "<<");
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag, {"?", "!", "seq"});
    open(mark, make_list(place_of(mark)), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    check_tag(mark, tag, {"?", "!", "map"});
    open(mark, make_map(place_of(mark)), anchor);
  }
  void OnMapEnd() override {
    merge_keys();
    close();
  }

 private:
  struct Level {
    Value value;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Location key_place;
    std::set<std::string> keys;    ///< Of the members.
    std::optional<Member> merged;  ///< `<<` and its value.
    bool is_merge_key = false;
  };

  [[nodiscard]] Location place_of(const YAML::Mark& mark) const {
    return lines_.locate(mark.line, mark.column);
  }

  void check_tag(const YAML::Mark& mark,
                 const std::string& tag,
                 const std::set<std::string_view>& allowed) const {
    std::string_view name = tag;
    if (name.starts_with(kCoreTag)) {
      name.remove_prefix(kCoreTag.size());
    }
    if (!tag.empty() && !allowed.contains(name)) {
      refuse(mark, "the tag " + tag + " has no meaning here");
    }
  }

  Value scalar(const YAML::Mark& mark, const std::string& tag, const std::string& text) const {
    check_tag(mark, tag, {"?", "!", "str", "int", "float", "bool", "null"});
    if (text.size() > kMaxTextBytes) {
      refuse(mark, "a text of more than " + std::to_string(kMaxTextBytes) + " bytes");
    }
    const bool is_text = tag == "!" || tag == std::string(kCoreTag) + "str";
    Value value = is_text ? make_string(text) : plain_scalar(text);
    value.place = place_of(mark);
    return value;
  }

  void open(const YAML::Mark& mark, Value value, YAML::anchor_t anchor) {
    if (levels_.size() >= kMaxDepth) {
      refuse(mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    check_key_is_text(mark);
    levels_.push_back({.value = std::move(value), .mark = mark, .anchor = anchor});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (levels_.size() + depth_of(level.value) > kMaxDepth) {
      refuse(level.mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    attach(level.mark, std::move(level.value), level.anchor, false);
  }

  static std::size_t depth_of(const Value& value) {
    std::size_t deepest = 0;
    for (const Value& item : value.items) {
      deepest = std::max(deepest, depth_of(item));
    }
    for (const Member& member : value.members) {
      deepest = std::max(deepest, depth_of(member.value));
    }
    return deepest + 1;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kMaxNodes) {
      refuse(mark, "more than " + std::to_string(kMaxNodes) + " values, aliases expanded");
    }
  }

  [[nodiscard]] bool wants_key() const {
    return !levels_.empty() && levels_.back().value.is_map() && !levels_.back().has_key;
  }

  void check_key_is_text(const YAML::Mark& mark) const {
    if (wants_key()) {
      refuse(mark, "a key that is no text: text that begins with { or [ needs quotes");
    }
  }

  // Puts a finished value where it belongs: a key, a map's value, a list's item or the root.
  void attach(const YAML::Mark& mark, Value value, YAML::anchor_t anchor, bool is_merge_key) {
    count(mark, 1);
    if (anchor != 0) {
      // The copy counts too: nested anchors would otherwise hold the same values many times over.
      count(mark, count_nodes(value));
      value.is_anchored = true;
      anchors_[anchor] = value;
    }
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    if (level.value.is_list()) {
      level.value.items.push_back(std::move(value));
    } else if (!level.has_key) {
      take_key(mark, value, is_merge_key);
    } else {
      take_value(std::move(value));
    }
  }

  void take_key(const YAML::Mark& mark, const Value& value, bool is_merge_key) {
    if (!value.is_scalar()) {
      refuse(mark, "a key that is no text: text that begins with { or [ needs quotes");
    }
    Level& level = levels_.back();
    level.has_key = true;
    level.key = value.text;
    level.key_place = value.place;
    level.is_merge_key = is_merge_key;
  }

  void take_value(Value value) {
    Level& level = levels_.back();
    level.has_key = false;
    if (value.is_null()) {
      value.place = level.key_place;
    }
    Member member{.key = level.key, .key_place = level.key_place, .value = std::move(value)};
    const bool is_new = level.is_merge_key ? !level.merged : level.keys.insert(member.key).second;
    if (!is_new) {
      const Member* first =
          level.is_merge_key ? &*level.merged : find_member(level.value, member.key);
      findings_.error({.summary = "the key \"" + member.key + "\" is given twice",
                       .detail = "Keep one of the two."},
                      "",
                      {member.key_place, first->key_place});
    } else if (level.is_merge_key) {
      level.merged = std::move(member);
    } else {
      level.value.members.push_back(std::move(member));
    }
  }

  // Keys that the map does not have itself come from `<<`; of several maps the first counts.
  void merge_keys() {
    Level& level = levels_.back();
    if (!level.merged) {
      return;
    }
    std::vector<Value> sources;
    if (level.merged->value.is_list()) {
      sources = std::move(level.merged->value.items);
    } else {
      sources.push_back(std::move(level.merged->value));
    }
    for (Value& source : sources) {
      if (!source.is_map()) {
        findings_.error(
            {.summary = "`<<` merges maps, but here stands " + std::string(kind_word(source.kind)),
             .detail = "Name an anchor of a map, or a list of such."},
            "",
            {source.place});
        continue;
      }
      for (Member& member : source.members) {
        if (level.keys.insert(member.key).second) {
          level.value.members.push_back(std::move(member));
        }
      }
    }
  }

  const SourceLines& lines_;
  Findings& findings_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
  Value root_;
};

/// "0xE4"
std::string hex_text(char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto number = static_cast<unsigned char>(byte);
  return {'0', 'x', kDigits[number >> 4U], kDigits[number & 0xFU]};
}

std::string cure_of(const std::string& message, std::string_view line) {
  if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos ||
      line.find_first_of('\t') == 0) {
    return "Indent with spaces: YAML does not allow tabs there.";
  }
  if (message.find("illegal map value") != std::string::npos) {
    return "Look at the indentation, and put quotes around a text that holds a colon.";
  }
  if (message.find("never closed") != std::string::npos) {
    return "Close it, or double a single quote inside single quotes.";
  }
  if (message.find("aliases expanded") != std::string::npos ||
      message.find("contains itself") != std::string::npos) {
    return "Write the values out, or share smaller parts.";
  }
  if (message.find("a key that is no text") != std::string::npos) {
    return "For example: \"{{job.run_id}}\", in quotes.";
  }
  if (message.find("unknown token") != std::string::npos) {
    return "Put quotes around the text: inside [ ] and { } a ? or a comma ends it otherwise.";
  }
  if (message.find("flow") != std::string::npos) {
    return "A [ or { is not closed.";
  }
  if (message.find("anchor is not defined") != std::string::npos) {
    return "Define it with & before it is used with *, in the same file.";
  }
  return "";
}

}  // namespace

std::optional<Value> read_yaml(std::string_view text, int file, Findings& findings) {
  const SourceLines lines(text, file);
  if (const std::optional<std::size_t> at = find_malformed(text)) {
    findings.error({.summary = "the file is not UTF-8: the byte " + hex_text(text[*at]) +
                               " begins no character",
                    .detail = "Save the file as UTF-8."},
                   "",
                   {lines.locate(*at)});
    return std::nullopt;
  }
  TreeBuilder builder(lines, findings);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::ParserException& error) {
    const std::string_view line = lines.text_from(error.mark.line, 0);
    findings.error({.summary = "not readable as YAML: " + error.msg,
                    .detail = cure_of(error.msg, line.substr(0, line.find('\n')))},
                   "",
                   {lines.locate(error.mark.line, error.mark.column)});
    return std::nullopt;
  }
  Value root = builder.take_root();
  if (root.is_null()) {
    return make_map({.file = file, .line = 1, .column = 1});
  }
  return root;
}

}  // namespace sheaf::bundles
