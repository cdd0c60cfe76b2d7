#include "bundles/json_text.h"

#include <algorithm>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include "bundles/scalars.h"
#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(
      boost::json::string(boost::json::string_view(text.data(), text.size())));
}

// YAML allows numbers that JSON does not (.5, 007): those are written as text.
std::string number(const Value& value) {
  if (value.kind == Kind::kInteger) {
    const std::optional<std::int64_t> integer = as_integer(value);
    return integer ? std::to_string(*integer) : quoted(value.text);
  }
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(value.text, error);
  return error || !parsed.is_number() ? quoted(value.text) : value.text;
}

class Writer {
 public:
  explicit Writer(bool is_indented) : is_indented_(is_indented) {}

  std::string take() { return std::move(text_); }

  void write(const Value& value) {
    switch (value.kind) {
      case Kind::kNull:
        text_ += "null";
        return;
      case Kind::kBoolean:
        text_ += value.text;
        return;
      case Kind::kInteger:
      case Kind::kNumber:
        text_ += number(value);
        return;
      case Kind::kString:
        text_ += quoted(value.text);
        return;
      case Kind::kList:
        return write_list(value);
      case Kind::kMap:
        return write_map(value);
    }
    check_failed(__FILE__, __LINE__, "kind", "not a Kind");
  }

 private:
  void write_list(const Value& list) {
    text_ += '[';
    ++depth_;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      begin_entry(i == 0);
      write(list.items[i]);
    }
    end_entries(']', list.items.empty());
  }

  void write_map(const Value& map) {
    std::vector<const Member*> members;
    for (const Member& member : map.members) {
      if (!member.value.is_null()) {
        members.push_back(&member);
      }
    }
    std::ranges::sort(
        members, {}, [](const Member* member) { return std::string_view(member->key); });
    text_ += '{';
    ++depth_;
    for (std::size_t i = 0; i < members.size(); ++i) {
      begin_entry(i == 0);
      text_ += quoted(members[i]->key) + (is_indented_ ? ": " : ":");
      write(members[i]->value);
    }
    end_entries('}', members.empty());
  }

  void begin_entry(bool is_first) {
    text_ += is_first ? "" : ",";
    break_line();
  }

  void end_entries(char close, bool is_empty) {
    --depth_;
    if (!is_empty) {
      break_line();
    }
    text_ += close;
  }

  void break_line() {
    if (is_indented_) {
      text_ += '\n' + std::string(depth_ * 2, ' ');
    }
  }

  bool is_indented_;
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

std::string to_compact_json(const Value& value) {
  Writer writer(false);
  writer.write(value);
  return writer.take();
}

std::string to_indented_json(const Value& value) {
  Writer writer(true);
  writer.write(value);
  return writer.take() + "\n";
}

}  // namespace sheaf::bundles
