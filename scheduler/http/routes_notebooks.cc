// What attempts hand over of the notebooks that they ran, and how it is read.
#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/notebooks.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

class NotebookSink : public BodySink {
 public:
  NotebookSink(NotebookFiles files, RunId run, AttemptId attempt)
      : files_(std::move(files)), run_(run), attempt_(attempt) {}

  Result<void> write(std::string_view piece) override {
    if (document_.size() + piece.size() > kMaxNotebookBytes) {
      return fail(ErrorCode::kInvalid, "the notebook is larger than allowed");
    }
    document_ += piece;
    return {};
  }

  Response finish() override {
    const auto kept = files_.keep(run_, attempt_, document_);
    return kept ? json_response(json::object()) : error_response(kept.error());
  }

 private:
  NotebookFiles files_;
  RunId run_;
  AttemptId attempt_;
  std::string document_;
};

/// The run of the attempt that a route names, if this caller may see it.
Result<RunId> find_run_of(const Context& context, AttemptId attempt, const Identity& identity) {
  const auto reader = context.read();
  const auto run = reader->run_of_attempt(attempt);
  if (!run) {
    return fail(run.error());
  }
  if (!*run) {
    return fail(ErrorCode::kNotFound, "Run " + to_string(attempt) + " does not exist.");
  }
  const auto record = find_run(*reader, **run, identity);
  return record ? Result<RunId>(**run) : fail(record.error());
}

std::variant<std::unique_ptr<BodySink>, Response> open_notebook(const Context& context,
                                                                const Call& call) {
  const auto id = id_placeholder(call, 0);
  if (!id) {
    return error_response(id.error());
  }
  const AttemptId attempt{*id};
  if (call.identity.kind != Identity::Kind::kAttempt || call.identity.attempt != attempt) {
    return error_response(
        Error{ErrorCode::kUnauthorized, "an attempt hands over its own notebook only"});
  }
  const auto run = find_run_of(context, attempt, call.identity);
  if (!run) {
    return error_response(run.error());
  }
  return std::make_unique<NotebookSink>(
      NotebookFiles(context.service().data_folder), *run, attempt);
}

Result<NotebookOutcome> find_notebook(const Context& context,
                                      AttemptId attempt,
                                      const Identity& identity) {
  const auto run = find_run_of(context, attempt, identity);
  if (!run) {
    return fail(run.error());
  }
  auto found = NotebookFiles(context.service().data_folder)
                   .find(*run, attempt, NotebookFiles::Part::kOutcomeAndHtml);
  if (!found) {
    return fail(found.error());
  }
  return *found ? Result<NotebookOutcome>(**std::move(found))
                : fail(ErrorCode::kNotFound, "Run " + to_string(attempt) + " kept no notebook.");
}

Result<Response> get_notebook(const Context& context, const Call& call) {
  const auto id = id_placeholder(call, 0);
  auto found = id ? find_notebook(context, AttemptId{*id}, call.identity)
                  : Result<NotebookOutcome>(fail(id.error()));
  if (!found) {
    return fail(found.error());
  }
  json::object body{{"name", found->name}, {"html", found->html}};
  if (found->result) {
    body["result"] = *found->result;
    body["truncated"] = found->is_truncated;
  }
  return json_response(body);
}

Result<Response> export_run(const Context& context, const Call& call) {
  const auto id = id_argument(call, "run_id");
  if (!id) {
    return fail(id.error());
  }
  const auto reader = context.read();
  const auto run = find_run_or_task_run(*reader, *id, call.identity);
  if (!run) {
    return fail(run.error());
  }
  const bool is_whole = run->record.id == RunId{*id};
  if (is_whole && run->tasks.size() != 1) {
    return fail(ErrorCode::kInvalid, "run_id: ask for a task's run");
  }
  const AttemptId attempt = is_whole ? attempt_of(*run, 0) : AttemptId{*id};
  auto found = find_notebook(context, attempt, call.identity);
  if (!found) {
    return fail(found.error());
  }
  return json_response(
      {{"views",
        json::array{{{"content", found->html}, {"name", found->name}, {"type", "NOTEBOOK"}}}}});
}

}  // namespace

void add_notebook_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "PUT",
              .pattern = "/api/sheaf/v1/attempts/{attempt}/notebook",
              .access = Access::kAttempt,
              .body = BodyKind::kStream,
              .open_sink = [context](const Call& call) { return open_notebook(*context, call); }});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/attempts/{attempt}/notebook",
              .handler = to_handler(
                  [context](const Call& call) { return get_notebook(*context, call); })});
  for (const std::string version : {"/api/2.1", "/api/2.2"}) {
    router.add({.method = "GET",
                .pattern = version + "/jobs/runs/export",
                .handler = to_handler(
                    [context](const Call& call) { return export_run(*context, call); })});
  }
}

}  // namespace sheaf::http
