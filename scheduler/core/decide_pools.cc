#include <algorithm>
#include <string_view>

#include "common/base/limits.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// What a task's settings may name.
bool is_pool_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kMaxPoolNameBytes &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

}  // namespace

Decision decide_set_pool(Draft draft, const SetPool& command) {
  if (!is_pool_name(command.name)) {
    return reject(ErrorCode::kInvalid,
                  "a pool's name has 1 to " + std::to_string(limits::kMaxPoolNameBytes) +
                      " letters, digits, _ and -");
  }
  const auto known = draft.state.pools.find(command.name);
  const bool is_new = known == draft.state.pools.end();
  if (is_new && draft.state.pools.size() >= limits::kMaxPools) {
    return reject(ErrorCode::kExhausted, "there are too many pools");
  }
  if (is_new || known->second.limit != command.limit) {
    draft.record(
        PoolRecorded{.pool = {.name = command.name, .limit = command.limit, .updated = draft.now}});
  }
  return std::move(draft.step);
}

Decision decide_remove_pool(Draft draft, const RemovePool& command) {
  if (!draft.state.pools.contains(command.name)) {
    return reject(ErrorCode::kNotFound, "There is no pool \"" + command.name + "\".");
  }
  draft.record(PoolRemoved{.name = command.name});
  return std::move(draft.step);
}

}  // namespace sheaf::core
