// All routes of docs/api.md, and what they work with.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "scheduler/engine/engine.h"
#include "scheduler/files/blobs.h"
#include "scheduler/files/logs.h"
#include "scheduler/http/change_feed.h"
#include "scheduler/http/pool.h"
#include "scheduler/http/router.h"
#include "scheduler/http/tokens.h"
#include "scheduler/store/store.h"

namespace sheaf::http {

/// The version that `hello` tells.
inline constexpr const char* kVersion = "0.1.0";

/// What the routes work with. All that is referred to outlives the router; the pool outlives
/// everything that may hold an answer (see pool.h).
struct Service {
  engine::Engine& engine;
  const store::Store& store;
  files::Blobs& blobs;
  files::LogFiles& logs;
  ChangeFeed& feed;
  const Tokens& tokens;
  Pool& pool;
  /// Holds `secrets.key`.
  std::filesystem::path data_folder;
  /// "connected", "suspect" or "away"; unset: every worker reads "away". Any thread.
  std::function<std::string(WorkerId)> worker_state;
  /// Active runs whose attempts a list of workers counts.
  std::size_t max_counted_runs = 10'000;
  /// Where clients reach this scheduler ("https://sheaf.example.org"), for links; empty: as each
  /// client says in its Host header.
  std::string base_url;
  /// Wall clock; unset: the machine's.
  std::function<Timestamp()> clock;
};

/// Fails when `secrets.key` cannot be read or made.
[[nodiscard]] Result<void> add_routes(Router& router, Service service);

}  // namespace sheaf::http
