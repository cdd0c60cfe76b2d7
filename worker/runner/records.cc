#include "worker/runner/records.h"

#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "worker/shim/contract.h"

namespace sheaf::runner {

namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::exchange(text, {});
  }
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// The fields of one record. Asking for one that is missing or no number marks the record as
// corrupt.
class Fields {
 public:
  static Result<Fields> parse(std::string_view text, std::string_view magic) {
    Fields fields;
    if (!text.ends_with('\n') || take_line(text) != magic) {
      return fail(ErrorCode::kCorrupt, "not a whole record of kind '" + std::string(magic) + "'");
    }
    while (!text.empty()) {
      const auto line = take_line(text);
      const auto separator = line.find('=');
      if (line == kShimEnd && text.empty()) {
        return fields;
      }
      if (separator == std::string_view::npos) {
        break;
      }
      fields.values_.emplace(line.substr(0, separator), line.substr(separator + 1));
    }
    return fail(ErrorCode::kCorrupt, "record '" + std::string(magic) + "' has no end");
  }

  std::string text(std::string_view key) {
    const auto found = values_.find(key);
    if (found == values_.end()) {
      broken_ = key;
      return {};
    }
    return found->second;
  }

  template <typename Number>
  Number number(std::string_view key) {
    const std::string digits = text(key);
    Number number = 0;
    const auto* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      broken_ = key;
    }
    return number;
  }

  bool flag(std::string_view key) { return number<int>(key) != 0; }

  void mark_broken(std::string_view key) { broken_ = key; }

  template <typename Record>
  Result<Record> finish(Record record) const {
    if (!broken_.empty()) {
      return fail(ErrorCode::kCorrupt, "record has no valid field '" + broken_ + "'");
    }
    return record;
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::string broken_;
};

EndedBy parse_ended_by(Fields& fields) {
  const std::string text = fields.text("ended_by");
  if (text == "exit") {
    return EndedBy::kExit;
  }
  if (text == "signal") {
    return EndedBy::kSignal;
  }
  if (text == "not_started") {
    return EndedBy::kNotStarted;
  }
  if (text != "unreaped") {
    fields.mark_broken("ended_by");
  }
  return EndedBy::kUnreaped;
}

std::string describe_failure(Fields& fields) {
  const std::string step = fields.text("failed_step");
  if (step.empty()) {
    return {};
  }
  const auto reason =
      std::error_code(fields.number<int>("failed_error"), std::generic_category()).message();
  return "cannot " + step + " '" + fields.text("failed_subject") + "': " + reason;
}

std::optional<bool> parse_out_of_memory(Fields& fields) {
  const int value = fields.number<int>("out_of_memory");
  return value < 0 ? std::nullopt : std::optional(value > 0);
}

os::ProcessIdentity parse_process(Fields& fields, const std::string& name) {
  return {.pid = fields.number<pid_t>(name + "_pid"),
          .start_time = fields.number<std::uint64_t>(name + "_start_time")};
}

}  // namespace

Result<StartRecord> parse_start_record(std::string_view text) {
  auto fields = Fields::parse(text, kShimStartedMagic);
  if (!fields) {
    return fail(fields.error());
  }
  return fields->finish(StartRecord{
      .attempt = {fields->number<std::int64_t>("attempt")},
      .boot_id = fields->text("boot_id"),
      .shim = parse_process(*fields, "shim"),
      .main = parse_process(*fields, "main"),
      .cgroup = fields->text("cgroup"),
      .started = from_epoch_ms(fields->number<std::int64_t>("started_realtime_ms")),
      .started_boot_time = Milliseconds(fields->number<std::int64_t>("started_boottime_ms"))});
}

Result<ExitRecord> parse_exit_record(std::string_view text) {
  auto fields = Fields::parse(text, kShimExitMagic);
  if (!fields) {
    return fail(fields.error());
  }
  return fields->finish(ExitRecord{
      .attempt = {fields->number<std::int64_t>("attempt")},
      .boot_id = fields->text("boot_id"),
      .ended_by = parse_ended_by(*fields),
      .exit_code = fields->number<int>("exit_code"),
      .signal = fields->number<int>("signal"),
      .timed_out = fields->flag("timed_out"),
      .cancelled = fields->flag("cancelled"),
      .left_children = fields->flag("left_children"),
      .tree_empty = fields->flag("tree_empty"),
      .out_of_memory = parse_out_of_memory(*fields),
      .ended = from_epoch_ms(fields->number<std::int64_t>("ended_realtime_ms")),
      .ended_boot_time = Milliseconds(fields->number<std::int64_t>("ended_boottime_ms")),
      .user_time = std::chrono::microseconds(fields->number<std::int64_t>("user_us")),
      .system_time = std::chrono::microseconds(fields->number<std::int64_t>("system_us")),
      .max_resident_bytes = fields->number<std::uint64_t>("max_rss_bytes"),
      .error = describe_failure(*fields)});
}

}  // namespace sheaf::runner
