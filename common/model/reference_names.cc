#include "common/model/reference_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/model/nearest.h"

namespace sheaf::model {
namespace {

using enum Reference::Kind;

constexpr std::string_view kName = "<name>";
constexpr std::string_view kTask = "<task>";
constexpr std::string_view kTime = "<time>";
constexpr std::string_view kRest = "*";

/// Segments joined by dots, and cut at them when this is compiled.
class Pattern {
 public:
  consteval Pattern(const char* text) : text_(text) {  // NOLINT: stands for the text
    for (std::string_view rest = text_;; rest.remove_prefix(segments_.at(count_ - 1).size() + 1)) {
      segments_.at(count_++) = rest.substr(0, rest.find('.'));
      if (rest.find('.') == std::string_view::npos) {
        return;
      }
    }
  }

  [[nodiscard]] constexpr std::string_view text() const { return text_; }
  [[nodiscard]] constexpr std::span<const std::string_view> segments() const {
    return std::span(segments_).first(count_);
  }

 private:
  static constexpr std::size_t kMaxSegments = 4;

  std::string_view text_;
  std::array<std::string_view, kMaxSegments> segments_{};
  std::size_t count_ = 0;
};

struct Row {
  /// `<name>` and `<task>` take any segment, `<time>` a part of an instant, a last `*` all that
  /// follow.
  Pattern pattern;
  Reference::Kind kind = kJobId;
  /// Why the reference has no value in Sheaf; empty: it has one.
  std::string_view refusal = {};
  /// Old names of what other rows name better.
  bool is_deprecated = false;
  TimePart part = TimePart::kIsoDate;
};

constexpr auto kRows = std::to_array<Row>({
    {.pattern = "job.id", .kind = kJobId},
    {.pattern = "job.name", .kind = kJobName},
    {.pattern = "job.run_id", .kind = kJobRunId},
    {.pattern = "job.repair_count", .kind = kJobRepairCount},
    {.pattern = "job.start_time.<time>", .kind = kJobStartTime},
    {.pattern = "job.trigger.time.<time>", .kind = kTriggerTime},
    {.pattern = "job.trigger.type", .kind = kTriggerType},
    {.pattern = "job.parameters.<name>", .kind = kJobParameter},
    {.pattern = "task.name", .kind = kTaskName},
    {.pattern = "task.run_id", .kind = kTaskRunId},
    {.pattern = "task.execution_count", .kind = kTaskExecutionCount},
    {.pattern = "task.notebook_path", .kind = kTaskNotebookPath},
    {.pattern = "tasks.<task>.run_id", .kind = kUpstreamRunId},
    {.pattern = "tasks.<task>.result_state", .kind = kUpstreamResultState},
    {.pattern = "tasks.<task>.error_code", .kind = kUpstreamErrorCode},
    {.pattern = "tasks.<task>.execution_count", .kind = kUpstreamExecutionCount},
    {.pattern = "tasks.<task>.notebook_path", .kind = kUpstreamNotebookPath},
    {.pattern = "tasks.<task>.values.<name>", .kind = kTaskValue},
    {.pattern = "input", .kind = kInput},
    {.pattern = "input.<name>", .kind = kInput},
    {.pattern = "job_id", .kind = kJobId, .is_deprecated = true},
    {.pattern = "run_id", .kind = kTaskRunId, .is_deprecated = true},
    {.pattern = "parent_run_id", .kind = kJobRunId, .is_deprecated = true},
    {.pattern = "start_date",
     .kind = kJobStartTime,
     .is_deprecated = true,
     .part = TimePart::kIsoDate},
    {.pattern = "start_time",
     .kind = kJobStartTime,
     .is_deprecated = true,
     .part = TimePart::kTimestampMs},
    {.pattern = "task_key", .kind = kTaskName, .is_deprecated = true},
    {.pattern = "task_retry_count", .kind = kTaskRetryCount, .is_deprecated = true},
    {.pattern = "tasks.<task>.output.*", .refusal = "Sheaf runs no SQL tasks"},
    {.pattern = "job.trigger.file_arrival.*", .refusal = "no run is started by files that arrive"},
    {.pattern = "job.trigger.table_update.*", .refusal = "no run is started by updated tables"},
    {.pattern = "backfill.*", .refusal = "there are no backfills"},
    {.pattern = "workspace.*", .refusal = "there is no workspace"},
});

constexpr std::array<std::string_view, 6> kNamespaces = {
    "job", "task", "tasks", "input", "backfill", "workspace"};

constexpr auto kTimeParts = std::to_array<std::pair<std::string_view, TimePart>>({
    {"iso_weekday", TimePart::kIsoWeekday},
    {"is_weekday", TimePart::kIsWeekday},
    {"iso_date", TimePart::kIsoDate},
    {"iso_datetime", TimePart::kIsoDatetime},
    {"year", TimePart::kYear},
    {"month", TimePart::kMonth},
    {"day", TimePart::kDay},
    {"hour", TimePart::kHour},
    {"minute", TimePart::kMinute},
    {"second", TimePart::kSecond},
    {"timestamp_ms", TimePart::kTimestampMs},
});

// Takes one written segment into `reference`; false when the pattern's segment does not allow it.
bool take(std::string_view pattern, const std::string& written, Reference& reference) {
  if (pattern == kName) {
    reference.name = written;
    return true;
  }
  if (pattern == kTask) {
    reference.task_key = written;
    return true;
  }
  if (pattern != kTime) {
    return pattern == written;
  }
  const auto part =
      std::ranges::find(kTimeParts, written, &std::pair<std::string_view, TimePart>::first);
  if (part == kTimeParts.end()) {
    return false;
  }
  reference.part = part->second;
  return true;
}

std::optional<Reference> match(const Row& row, std::span<const std::string> written) {
  const std::span<const std::string_view> pattern = row.pattern.segments();
  const bool takes_rest = pattern.back() == kRest;
  if (takes_rest ? written.size() < pattern.size() : written.size() != pattern.size()) {
    return std::nullopt;
  }
  Reference reference{.kind = row.kind, .part = row.part};
  for (std::size_t i = 0; i < pattern.size() - (takes_rest ? 1 : 0); ++i) {
    if (!take(pattern[i], written[i], reference)) {
      return std::nullopt;
    }
  }
  return reference;
}

std::string joined(std::span<const std::string> segments) {
  std::string text;
  for (const std::string& segment : segments) {
    text += (text.empty() ? "" : ".") + segment;
  }
  return text;
}

// The pattern with what was written in the places that are free; empty where the lengths differ.
std::string filled(const Pattern& pattern,
                   std::span<const std::string> written,
                   std::string_view time_part) {
  const std::span<const std::string_view> segments = pattern.segments();
  if (segments.size() != written.size() || segments.back() == kRest) {
    return {};
  }
  std::vector<std::string> text;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool is_free = segments[i] == kName || segments[i] == kTask;
    text.emplace_back(is_free                ? std::string_view(written[i])
                      : segments[i] == kTime ? time_part
                                             : segments[i]);
  }
  return joined(text);
}

// Whether a row of the table may be meant: its first word is the one written, or nearly.
bool is_near(const Pattern& pattern, std::span<const std::string> written) {
  const std::string first(pattern.segments().front());
  return !nearest_name(written[0], std::span(&first, 1)).empty();
}

// What the writer may have meant: the known reference nearest to the misspelt one.
std::string suggestion(std::span<const std::string> written) {
  std::vector<std::string> candidates;
  for (const Row& row : kRows) {
    if (row.refusal.empty() && !row.is_deprecated && is_near(row.pattern, written)) {
      for (const auto& [part, unused] : kTimeParts) {
        candidates.push_back(filled(row.pattern, written, part));
      }
    }
  }
  std::erase(candidates, "");
  const std::string nearest = nearest_name(joined(written), candidates);
  return nearest.empty() ? std::string() : "; did you mean {{" + nearest + "}}?";
}

}  // namespace

Result<std::optional<Reference>> recognise_reference(std::span<const std::string> segments) {
  if (segments.empty()) {
    return std::nullopt;
  }
  for (const Row& row : kRows) {
    std::optional<Reference> reference = match(row, segments);
    if (!reference) {
      continue;
    }
    if (!row.refusal.empty()) {
      return fail(ErrorCode::kUnsupported,
                  "the reference {{" + joined(segments) +
                      "}} has no value here: " + std::string(row.refusal));
    }
    return reference;
  }
  if (segments.size() < 2 || std::ranges::find(kNamespaces, segments[0]) == kNamespaces.end()) {
    return std::nullopt;
  }
  return fail(ErrorCode::kInvalid,
              "there is no reference {{" + joined(segments) + "}}" + suggestion(segments));
}

std::vector<std::string_view> known_references() {
  std::vector<std::string_view> patterns;
  for (const Row& row : kRows) {
    if (row.refusal.empty() && !row.is_deprecated) {
      patterns.push_back(row.pattern.text());
    }
  }
  return patterns;
}

}  // namespace sheaf::model
