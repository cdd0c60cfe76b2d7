#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/json_reading.h"
#include "scheduler/http/notebooks.h"
#include "scheduler/http/run_requests.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

Response no_content(const core::Reply& /*reply*/) {
  return json_response(json::object());
}

void submit(Context& context, const Call& call, const Respond& respond) {
  const auto body = parse_json_object(call.request.body);
  auto command = body ? read_submit(*body, call.identity) : fail(body.error());
  if (!command) {
    return respond(error_response(command.error()));
  }
  context.post(*std::move(command), respond, [](const core::Reply& reply) {
    return json_response({{"run_id", std::get<core::SubmitReply>(reply).run.value}});
  });
}

void repair(Context& context, const Call& call, const Respond& respond) {
  const auto body = parse_json_object(call.request.body);
  auto command = body ? read_repair(*body) : fail(body.error());
  if (!command) {
    return respond(error_response(command.error()));
  }
  const auto reader = context.read();
  const auto run = find_run(*reader, command->run, call.identity);
  if (!run) {
    return respond(error_response(run.error()));
  }
  // A one-time run has no job, and a job may be gone: then the run's own settings count.
  const auto job = reader->job(run->job);
  if (!job) {
    return respond(error_response(job.error()));
  }
  const std::string& digest = *job ? (*job)->settings_digest : run->settings_digest;
  if (auto checked = check_overrides(context, *reader, digest, command->overrides); !checked) {
    return respond(error_response(checked.error()));
  }
  context.post(*std::move(command), respond, [](const core::Reply& reply) {
    return json_response({{"repair_id", std::get<core::RepairReply>(reply).repair}});
  });
}

void cancel_all(Context& context, const Call& call, const Respond& respond) {
  const auto body = parse_json_object(call.request.body);
  auto command = body ? read_cancel_all(*body) : fail(body.error());
  if (!command) {
    return respond(error_response(command.error()));
  }
  if (command->job.is_valid()) {
    if (const auto job = find_job(*context.read(), command->job); !job) {
      return respond(error_response(job.error()));
    }
  }
  context.post(*std::move(command), respond, no_content);
}

void delete_run(Context& context, const Call& call, const Respond& respond) {
  const auto body = parse_json_object(call.request.body);
  const auto id = body ? required_id(*body, "run_id") : fail(body.error());
  if (!id) {
    return respond(error_response(id.error()));
  }
  const NotebookFiles notebooks(context.service().data_folder);
  const RunId run{*id};
  context.post(core::DeleteRun{.run = run}, respond, [notebooks, run](const core::Reply& reply) {
    notebooks.remove(run);
    return no_content(reply);
  });
}

}  // namespace

void add_run_operation_routes(Router& router, const ContextPointer& context) {
  using Operation = void (*)(Context&, const Call&, const Respond&);
  const auto add = [&](Route route, Operation operation) {
    route.method = "POST";
    route.body = BodyKind::kJson;
    route.handler = [context, operation](const Call& call, const Respond& respond) {
      operation(*context, call, respond);
    };
    router.add(std::move(route));
  };
  for (const std::string version : {"/api/2.1", "/api/2.2"}) {
    add({.pattern = version + "/jobs/runs/submit"}, submit);
    add({.pattern = version + "/jobs/runs/repair"}, repair);
    add({.pattern = version + "/jobs/runs/cancel-all"}, cancel_all);
    add({.pattern = version + "/jobs/runs/delete"}, delete_run);
  }
}

}  // namespace sheaf::http
