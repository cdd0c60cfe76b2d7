#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/json_reading.h"
#include "scheduler/http/usage_counter.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxPoolLimit = 1'000'000;

json::object pool_view(const core::PoolRecord& pool, std::size_t used) {
  return {{"name", pool.name},
          {"limit", pool.limit},
          {"used", used},
          {"updated_time", to_epoch_ms(pool.updated)}};
}

std::size_t used_of(const Usage& usage, const std::string& pool) {
  const auto found = usage.attempts.pools.find(pool);
  return found == usage.attempts.pools.end() ? 0 : found->second;
}

/// Every pool with a limit, then those that attempts are in though nobody set one.
Result<Response> list_pools(Context& context, UsageCounter& counter) {
  const auto pools = context.read()->pools();
  auto usage = counter.count(context);
  if (!pools || !usage) {
    return fail(!pools ? pools.error() : usage.error());
  }
  json::array list;
  for (const core::PoolRecord& pool : *pools) {
    list.push_back(pool_view(pool, used_of(*usage, pool.name)));
    usage->attempts.pools.erase(pool.name);
  }
  for (const auto& [name, used] : usage->attempts.pools) {
    list.push_back({{"name", name}, {"limit", nullptr}, {"used", used}});
  }
  json::object body{{"pools", std::move(list)}};
  if (usage->is_partial) {
    body["is_partial"] = true;
  }
  return json_response(body);
}

Result<Response> get_pool(Context& context, UsageCounter& counter, const Call& call) {
  const std::string& name = call.placeholders.at(0);
  const auto pools = context.read()->pools();
  const auto usage = counter.count(context);
  if (!pools || !usage) {
    return fail(!pools ? pools.error() : usage.error());
  }
  const auto found = std::ranges::find(*pools, name, &core::PoolRecord::name);
  if (found == pools->end()) {
    return fail(ErrorCode::kNotFound,
                "There is no pool \"" + name + "\": tasks that name it are not limited.");
  }
  return json_response(pool_view(*found, used_of(*usage, name)));
}

Result<core::SetPool> read_pool(const Call& call) {
  const auto body = parse_json_object(call.request.body);
  if (!body) {
    return fail(body.error());
  }
  const auto* limit = body->if_contains("limit");
  if (limit == nullptr || !limit->is_int64() || limit->as_int64() < 0 ||
      limit->as_int64() > kMaxPoolLimit) {
    return fail(ErrorCode::kInvalid,
                "limit: must be a number from 0 to " + std::to_string(kMaxPoolLimit));
  }
  return core::SetPool{.name = call.placeholders.at(0),
                       .limit = static_cast<std::uint32_t>(limit->as_int64())};
}

void put_pool(const Context& context, const Call& call, const Respond& respond) {
  auto command = read_pool(call);
  if (!command) {
    return respond(error_response(command.error()));
  }
  json::object body{{"name", command->name}, {"limit", command->limit}};
  context.post(std::move(*command), respond, [body = std::move(body)](const core::Reply&) {
    return json_response(body);
  });
}

void delete_pool(const Context& context, const Call& call, const Respond& respond) {
  context.post(core::RemovePool{.name = call.placeholders.at(0)}, respond, [](const core::Reply&) {
    return json_response(json::object());
  });
}

}  // namespace

void add_pool_routes(Router& router, const ContextPointer& context) {
  const auto counter = std::make_shared<UsageCounter>();
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/pools",
              .handler = to_handler(
                  [context, counter](const Call&) { return list_pools(*context, *counter); })});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/pools/{pool}",
              .handler = to_handler([context, counter](const Call& call) {
                return get_pool(*context, *counter, call);
              })});
  router.add({.method = "PUT",
              .pattern = "/api/sheaf/v1/pools/{pool}",
              .body = BodyKind::kJson,
              .handler = [context](const Call& call, const Respond& respond) {
                put_pool(*context, call, respond);
              }});
  router.add({.method = "DELETE",
              .pattern = "/api/sheaf/v1/pools/{pool}",
              .handler = [context](const Call& call, const Respond& respond) {
                delete_pool(*context, call, respond);
              }});
}

}  // namespace sheaf::http
