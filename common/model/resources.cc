#include "common/model/resources.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/model/json_reading.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxCpus = 1'024;
constexpr std::int64_t kMaxGpus = 64;
constexpr std::size_t kMaxLabelBytes = 128;
constexpr std::size_t kMaxLabels = 32;

struct Unit {
  std::string_view name;
  double bytes;
};

constexpr std::array<Unit, 11> kUnits = {{{"", 1},
                                          {"B", 1},
                                          {"KiB", 1024.0},
                                          {"MiB", 1024.0 * 1024},
                                          {"GiB", 1024.0 * 1024 * 1024},
                                          {"TiB", 1024.0 * 1024 * 1024 * 1024},
                                          {"kB", 1e3},
                                          {"KB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9},
                                          {"TB", 1e12}}};

bool is_label_character(char c) {
  return c == '.' || c == '/' || is_plain_key({&c, 1}, 1);
}

std::int64_t compile_cpu(const json::object& block, const std::string& path, Findings& findings) {
  const json::value* value = member_at(block, "cpu");
  if (value == nullptr || !value->is_number()) {
    return 0;
  }
  const double cores = value->to_number<double>();
  const double millis = std::round(cores * 1000);
  if (!(millis >= 1 && cores <= static_cast<double>(kMaxCpus))) {
    report(findings,
           member_path(path, "cpu"),
           "not a number of cores",
           "Write a number from 0.001 to " + std::to_string(kMaxCpus) + ".");
    return 0;
  }
  return static_cast<std::int64_t>(millis);
}

std::int64_t compile_memory(const json::object& block,
                            const std::string& path,
                            Findings& findings) {
  const std::optional<std::int64_t> bytes = integer_at(block, "memory");
  const std::optional<std::string> text = string_at(block, "memory");
  if (!bytes && !text) {
    return 0;
  }
  const Result<std::int64_t> memory = parse_memory(text ? *text : std::to_string(*bytes));
  if (!memory) {
    report(findings,
           member_path(path, "memory"),
           memory.error().message,
           "Write 4GiB, 512MB or a number of bytes.");
    return 0;
  }
  return *memory;
}

// "name", or "name=value" of a map's member; empty when the value cannot be one.
std::string label_of(std::string_view name, const json::value& value) {
  std::string label(name);
  label += name.empty() ? "" : "=";
  if (value.is_string()) {
    return label.append(value.get_string().data(), value.get_string().size());
  }
  if (value.is_int64()) {
    return label + std::to_string(value.get_int64());
  }
  if (value.is_bool() && !name.empty()) {
    return label + (value.get_bool() ? "true" : "false");
  }
  return {};
}

class LabelReader {
 public:
  LabelReader(std::string path, Findings& findings) : path_(std::move(path)), findings_(findings) {}

  std::vector<std::string> read(const json::value& value) {
    if (const json::object* map = value.if_object()) {
      for (const json::key_value_pair& entry : *map) {
        const std::string name(entry.key().data(), entry.key().size());
        add(label_of(name, entry.value()), member_path(path_, name));
      }
    } else if (const json::array* list = value.if_array()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        add(label_of("", (*list)[i]), indexed_path(path_, i));
      }
    } else {
      report(findings_, path_, "expected a list or a map", "Write [gpu, zone=b] or {zone: b}.");
    }
    if (labels_.size() > kMaxLabels) {
      report(findings_, path_, "more than " + std::to_string(kMaxLabels) + " labels");
    }
    std::ranges::sort(labels_);
    const auto repeats = std::ranges::unique(labels_);
    labels_.erase(repeats.begin(), repeats.end());
    return std::move(labels_);
  }

 private:
  void add(std::string label, const std::string& path) {
    if (is_label(label)) {
      labels_.push_back(std::move(label));
      return;
    }
    report(findings_,
           path,
           "\"" + label + "\" is not a label",
           "Write `name` or `name=value` of letters, digits, `_`, `-`, `.` and `/`.");
  }

  std::string path_;
  Findings& findings_;
  std::vector<std::string> labels_;
};

}  // namespace

Result<std::int64_t> parse_memory(std::string_view text) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit.starts_with(' ')) {
    unit.remove_prefix(1);
  }
  const auto known = std::ranges::find(kUnits, unit, &Unit::name);
  const double bytes = known == kUnits.end() ? 0 : number * known->bytes;
  if (error != std::errc{} || !(bytes >= 1 && bytes <= static_cast<double>(kMaxMemoryBytes))) {
    return fail(ErrorCode::kInvalid, "\"" + std::string(text) + "\" is not an amount of memory");
  }
  return static_cast<std::int64_t>(bytes);
}

bool is_label(std::string_view label) {
  const std::string_view name = label.substr(0, label.find('='));
  return !name.empty() && label.size() <= kMaxLabelBytes &&
         std::ranges::all_of(name, is_label_character) &&
         (name.size() == label.size() ||
          std::ranges::all_of(label.substr(name.size() + 1), is_label_character));
}

void add_needs(ResourceRequest& own, const ResourceRequest& shared) {
  own.cpu_millis = own.cpu_millis == 0 ? shared.cpu_millis : own.cpu_millis;
  own.memory_bytes = own.memory_bytes == 0 ? shared.memory_bytes : own.memory_bytes;
  own.gpus = own.gpus == 0 ? shared.gpus : own.gpus;
  std::vector<std::string> labels;
  std::ranges::set_union(own.labels, shared.labels, std::back_inserter(labels));
  own.labels = std::move(labels);
}

ResourceRequest compile_resources(const json::object& block,
                                  const std::string& path,
                                  Findings& findings) {
  ResourceRequest needs;
  if (const json::object* resources = object_at(block, "resources")) {
    const std::string place = member_path(path, "resources");
    needs.cpu_millis = compile_cpu(*resources, place, findings);
    needs.memory_bytes = compile_memory(*resources, place, findings);
    needs.gpus =
        static_cast<int>(read_integer(*resources, place, "gpus", {.most = kMaxGpus}, findings));
  }
  if (const json::value* labels = member_at(block, "labels")) {
    needs.labels = LabelReader(member_path(path, "labels"), findings).read(*labels);
  }
  return needs;
}

}  // namespace sheaf::model
