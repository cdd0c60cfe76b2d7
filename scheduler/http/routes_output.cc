#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/notebooks.h"
#include "scheduler/http/run_output.h"

namespace sheaf::http {
namespace {

/// The end of one log; sets `is_cut` when there is more before it.
Result<std::string> read_tail(const files::LogFiles& logs,
                              const files::LogName& name,
                              bool& is_cut) {
  const auto length = logs.length(name);
  if (!length) {
    return fail(length.error());
  }
  const std::uint64_t first = *length - std::min<std::uint64_t>(*length, kMaxShownLogBytes);
  is_cut = is_cut || first > 0;
  auto chunk = logs.read(name, first, kMaxShownLogBytes);
  if (!chunk) {
    return fail(chunk.error());
  }
  return std::move(chunk->bytes);
}

Result<LogTails> read_tails(const files::LogFiles& logs, RunId run, AttemptId attempt) {
  LogTails tails;
  auto out = read_tail(logs, {run, attempt, files::LogStream::kStdout}, tails.is_cut);
  auto err = read_tail(logs, {run, attempt, files::LogStream::kStderr}, tails.is_cut);
  if (!out || !err) {
    return fail(!out ? out.error() : err.error());
  }
  tails.stdout_tail = std::move(*out);
  tails.stderr_tail = std::move(*err);
  return tails;
}

/// The attempt that `id` means: a task run, or a job run that has one task only.
Result<AttemptPlace> find_output(const store::RunView& run, std::int64_t id) {
  if (run.record.id != RunId{id}) {
    const auto place = find_attempt(run, AttemptId{id});
    return place ? Result<AttemptPlace>(*place)
                 : fail(ErrorCode::kNotFound, "Run " + std::to_string(id) + " does not exist.");
  }
  if (run.tasks.size() != 1) {
    return fail(ErrorCode::kInvalid,
                "run_id: a run of several tasks has no output of its own; ask for a task's run");
  }
  return AttemptPlace{};
}

bool has_failed(const store::RunView& run, AttemptPlace place) {
  const auto state = place.record != nullptr ? place.record->state : run.tasks[place.task].state;
  return state == model::TaskState::kFailed || state == model::TaskState::kTimedOut ||
         state == model::TaskState::kInternalError;
}

std::string message_of(const store::RunView& run, AttemptPlace place) {
  if (place.record != nullptr) {
    return place.record->outcome.message;
  }
  const auto found = run.details.find(place.task);
  return found == run.details.end() ? "" : found->second.message;
}

Result<Response> get_output(Context& context, const Call& call) {
  const auto id = id_argument(call, "run_id");
  if (!id) {
    return fail(id.error());
  }
  const auto reader = context.read();
  const auto run = find_run_or_task_run(*reader, *id, call.identity);
  if (!run) {
    return fail(run.error());
  }
  const auto place = find_output(*run, *id);
  const auto around = find_surroundings(context, *reader, run->record, call.request);
  if (!place || !around) {
    return fail(!place ? place.error() : around.error());
  }
  const AttemptId attempt =
      place->record != nullptr ? place->record->id : attempt_of(*run, place->task);
  const auto tails = read_tails(context.service().logs, run->record.id, attempt);
  if (!tails) {
    return fail(tails.error());
  }
  auto body = output_view(*tails,
                          has_failed(*run, *place) ? TaskEnd::kFailed : TaskEnd::kOther,
                          message_of(*run, *place));
  const auto details = run->details.find(place->task);
  if (details != run->details.end() && details->second.child.is_valid()) {
    body["run_job_output"] = {{"run_id", details->second.child.value}};
  }
  const auto notebook = NotebookFiles(context.service().data_folder)
                            .find(run->record.id, attempt, NotebookFiles::Part::kOutcome);
  if (!notebook) {
    return fail(notebook.error());
  }
  if (*notebook && (*notebook)->result) {
    body["notebook_output"] = {{"result", *(*notebook)->result},
                               {"truncated", (*notebook)->is_truncated}};
  }
  body["metadata"] = public_task_run(*run, *around, *place);
  return json_response(body);
}

}  // namespace

void add_output_routes(Router& router, const ContextPointer& context) {
  const auto get = [context](const Call& call) { return get_output(*context, call); };
  for (const std::string version : {"/api/2.1", "/api/2.2"}) {
    router.add({.method = "GET",
                .pattern = version + "/jobs/runs/get-output",
                .handler = to_handler(get)});
  }
}

}  // namespace sheaf::http
