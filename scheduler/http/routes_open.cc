#include <boost/json.hpp>

#include "scheduler/http/context.h"

namespace sheaf::http {
namespace {

Response who_am_i(const Context& context, const Identity& identity) {
  const std::string& name = identity.user_name;
  Response response = json_response({{"id", context.service().tokens.workspace_id()},
                                     {"userName", name},
                                     {"displayName", name},
                                     {"active", true},
                                     {"emails", {{{"value", name}, {"primary", true}}}},
                                     {"groups", {{{"display", "admins"}, {"value", "admins"}}}}});
  response.headers.emplace_back("X-Databricks-Org-Id", context.service().tokens.workspace_id());
  return response;
}

}  // namespace

void add_open_routes(Router& router, const ContextPointer& context) {
  router.add("GET", "/healthz", Access::kOpen, BodyKind::kNone, [](const Call&) {
    return json_response({{"status", "ok"}});
  });
  router.add("GET",
             "/.well-known/databricks-config",
             Access::kOpen,
             BodyKind::kNone,
             [context](const Call& call) {
               return json_response({{"oidc_endpoint", context->base_url(call.request) + "/oidc"},
                                     {"workspace_id", context->service().tokens.workspace_id()}});
             });
  router.add("GET", "/api/sheaf/v1/hello", Access::kOpen, BodyKind::kNone, [context](const Call&) {
    return json_response({{"product", "sheaf"},
                          {"version", kVersion},
                          {"api", 1},
                          {"scheduler_id", context->service().tokens.scheduler_id()}});
  });
  router.add("GET",
             "/api/2.0/preview/scim/v2/Me",
             Access::kUser,
             BodyKind::kNone,
             [context](const Call& call) { return who_am_i(*context, call.identity); });
}

}  // namespace sheaf::http
