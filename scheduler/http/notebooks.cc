#include "scheduler/http/notebooks.h"

#include <system_error>

#include <boost/json.hpp>

#include "common/model/strict_json.h"
#include "common/os/file.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

Result<json::object> parse_document(std::string_view text) {
  auto document = model::parse_strict_json(text, kMaxNotebookBytes);
  if (!document) {
    return fail(document.error());
  }
  if (!document->is_object()) {
    return fail(ErrorCode::kInvalid, "must be a JSON object");
  }
  return std::move(document->get_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::optional<std::string>> read_if_there(const std::filesystem::path& path) {
  auto text = os::read_file(path, kMaxNotebookBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return std::nullopt;
  }
  return text ? Result<std::optional<std::string>>(*std::move(text)) : fail(text.error());
}

}  // namespace

std::filesystem::path NotebookFiles::path_of(RunId run,
                                             AttemptId attempt,
                                             const char* extension) const {
  return folder_ / to_string(run) / (to_string(attempt) + extension);
}

Result<void> NotebookFiles::keep(RunId run, AttemptId attempt, std::string_view document) const {
  auto body = parse_document(document);
  if (!body) {
    return fail(body.error());
  }
  const json::value* html = body->if_contains("html");
  if (html == nullptr || !html->is_string()) {
    return fail(ErrorCode::kInvalid, "html: must be a string");
  }
  if (auto made = os::make_private_folder(folder_ / to_string(run)); !made) {
    return made;
  }
  if (auto kept = os::replace_file(path_of(run, attempt, ".html"), html->get_string()); !kept) {
    return kept;
  }
  body->erase("html");
  return os::replace_file(path_of(run, attempt, ".json"), json::serialize(*body));
}

Result<std::optional<NotebookOutcome>> NotebookFiles::find(RunId run,
                                                           AttemptId attempt,
                                                           Part part) const {
  const auto text = read_if_there(path_of(run, attempt, ".json"));
  if (!text || !*text) {
    return text ? Result<std::optional<NotebookOutcome>>(std::nullopt) : fail(text.error());
  }
  const auto body = parse_document(**text);
  if (!body) {
    return fail(ErrorCode::kCorrupt, "the outcome of a notebook cannot be read");
  }
  NotebookOutcome outcome{
      .name = text_at(*body, "name"), .html = {}, .result = std::nullopt, .is_truncated = false};
  if (const json::value* result = body->if_contains("result"); result && result->is_string()) {
    outcome.result = std::string(result->get_string());
    const json::value* cut = body->if_contains("truncated");
    outcome.is_truncated = cut != nullptr && cut->is_bool() && cut->get_bool();
  }
  if (part == Part::kOutcomeAndHtml) {
    auto html = read_if_there(path_of(run, attempt, ".html"));
    if (!html) {
      return fail(html.error());
    }
    outcome.html = std::move(*html).value_or("");
  }
  return outcome;
}

void NotebookFiles::remove(RunId run) const {
  std::error_code ignored;
  std::filesystem::remove_all(folder_ / to_string(run), ignored);
}

}  // namespace sheaf::http
