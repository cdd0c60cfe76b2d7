#include "scheduler/http/context.h"

#include <algorithm>

#include <boost/json.hpp>

#include "common/model/job_settings.h"
#include "common/os/clocks.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

constexpr std::size_t kMaxCachedSettings = 128;
constexpr std::size_t kMaxCachedManifests = 8;
constexpr std::size_t kMaxWatches = 1'024;

template <typename Value>
void remember(Guarded<std::map<std::string, Value>>& cache,
              const std::string& key,
              const Value& value,
              std::size_t limit) {
  cache.with([&](auto& entries) {
    if (entries.size() >= limit) {
      entries.erase(entries.begin());
    }
    entries.emplace(key, value);
  });
}

template <typename Value>
Value look_up(const Guarded<std::map<std::string, Value>>& cache, const std::string& key) {
  return cache.with([&](const auto& entries) {
    const auto found = entries.find(key);
    return found == entries.end() ? Value() : found->second;
  });
}

bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           std::string_view(".-:[]").find(c) != std::string_view::npos;
  });
}

Failure no_such_run(RunId run) {
  return fail(ErrorCode::kNotFound, "Run " + to_string(run) + " does not exist.");
}

/// An attempt sees its own run as long as that lives.
Result<void> check_attempt(const store::Reader& reader,
                           const core::RunRecord& run,
                           const Identity& identity) {
  if (identity.kind != Identity::Kind::kAttempt) {
    return {};
  }
  const auto own = reader.run_of_attempt(identity.attempt);
  if (!own) {
    return fail(own.error());
  }
  if (*own != run.id || is_terminal(run.state)) {
    return fail(ErrorCode::kUnauthorized, "an attempt's token is good for its own live run only");
  }
  return {};
}

}  // namespace

Context::Context(Service service, SecretBox secrets)
    : service_(std::move(service)), secrets_(std::move(secrets)) {
  if (!service_.clock) {
    service_.clock = [] { return os::wall_time(); };
  }
}

Result<StoredSettingsPointer> Context::settings(const store::Reader& reader,
                                                const std::string& digest) {
  if (auto known = look_up(settings_, digest)) {
    return known;
  }
  const auto text = reader.settings(digest);
  if (!text) {
    return fail(text.error());
  }
  auto document = parse_json_object(*text);
  auto compiled = model::parse_job_settings(*text);
  if (!document || !compiled) {
    return fail(ErrorCode::kCorrupt, "settings document " + digest + " cannot be read");
  }
  auto stored = std::make_shared<const StoredSettings>(std::move(*document), std::move(*compiled));
  remember(settings_, digest, stored, kMaxCachedSettings);
  return stored;
}

Result<DigestSet> Context::files_of(const std::string& manifest_digest) {
  if (auto known = look_up(manifests_, manifest_digest)) {
    return known;
  }
  const auto text = service_.blobs.read(manifest_digest, model::kMaxManifestBytes);
  if (!text) {
    return fail(text.error());
  }
  const auto manifest = model::parse_manifest(*text);
  if (!manifest) {
    return fail(manifest.error());
  }
  std::set<std::string, std::less<>> digests{manifest_digest};
  for (const model::ManifestFile& file : manifest->files) {
    digests.insert(file.digest);
  }
  DigestSet files = std::make_shared<const std::set<std::string, std::less<>>>(std::move(digests));
  remember(manifests_, manifest_digest, files, kMaxCachedManifests);
  return files;
}

void Context::post(core::Command command,
                   Respond respond,
                   std::function<Response(const core::Reply&)> make) const {
  Pool& pool = service_.pool;
  service_.engine.post(std::move(command),
                       [&pool, respond = std::move(respond), make = std::move(make)](
                           const engine::Outcome& outcome) {
                         // On the core thread: everything else is the pool's work.
                         pool.post([respond, make, outcome] {
                           respond(outcome ? make(*outcome) : error_response(outcome.error()));
                         });
                       });
}

std::string Context::base_url(const Request& request) const {
  if (!service_.base_url.empty()) {
    return service_.base_url;
  }
  const auto host = find_header(request.headers, "host").value_or("");
  return "http://" + (is_host(host) ? std::string(host) : "localhost");
}

Result<std::uint64_t> Context::keep_watch(files::LogWatch watch) {
  return watches_.with([&](Watches& watches) -> Result<std::uint64_t> {
    if (watches.kept.size() >= kMaxWatches) {
      return fail(ErrorCode::kExhausted, "too many clients follow logs");
    }
    watches.kept.emplace(++watches.last_number, std::move(watch));
    return watches.last_number;
  });
}

void Context::drop_watch(std::uint64_t number) {
  // Destroyed outside the lock: that waits for a callback which is running.
  const files::LogWatch dropped = watches_.with([&](Watches& watches) {
    const auto node = watches.kept.extract(number);
    return node ? std::move(node.mapped()) : files::LogWatch();
  });
}

Handler to_handler(Answer answer) {
  return [answer = std::move(answer)](const Call& call, const Respond& respond) {
    auto response = answer(call);
    respond(response ? std::move(*response) : error_response(response.error()));
  };
}

Result<core::JobRecord> find_job(const store::Reader& reader, JobId job) {
  auto record = reader.job(job);
  if (!record) {
    return fail(record.error());
  }
  if (!*record) {
    return fail(ErrorCode::kNotFound, "Job " + to_string(job) + " does not exist.");
  }
  return std::move(**record);
}

Result<core::RunRecord> find_run(const store::Reader& reader, RunId run, const Identity& identity) {
  auto record = reader.run_record(run);
  if (!record) {
    return fail(record.error());
  }
  if (!*record) {
    return no_such_run(run);
  }
  if (auto checked = check_attempt(reader, **record, identity); !checked) {
    return fail(checked.error());
  }
  return std::move(**record);
}

Result<store::RunView> read_run(const store::Reader& reader, RunId run, const Identity& identity) {
  auto view = reader.run(run);
  if (!view) {
    return fail(view.error());
  }
  if (!*view) {
    return no_such_run(run);
  }
  if (auto checked = check_attempt(reader, (*view)->record, identity); !checked) {
    return fail(checked.error());
  }
  return std::move(**view);
}

Result<RunSurroundings> find_surroundings(Context& context,
                                          const store::Reader& reader,
                                          const core::RunRecord& run,
                                          const Request& request) {
  RunSurroundings around{
      .run_as = context.service().tokens.user_name(),
      .page_prefix = context.base_url(request) + "/?o=" + context.service().tokens.workspace_id()};
  const auto settings = context.settings(reader, run.settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  around.settings = (*settings)->document;
  const auto job = reader.job(run.job);
  if (!job) {
    return fail(job.error());
  }
  around.creator = *job ? (*job)->creator : "";
  return around;
}

Result<store::RunView> find_run_or_task_run(const store::Reader& reader,
                                            std::int64_t id,
                                            const Identity& identity) {
  auto run = read_run(reader, RunId{id}, identity);
  if (run || run.error().code != ErrorCode::kNotFound) {
    return run;
  }
  const auto owner = reader.run_of_attempt(AttemptId{id});
  if (!owner) {
    return fail(owner.error());
  }
  return *owner ? read_run(reader, **owner, identity) : run;
}

Result<std::int64_t> number_argument(const Call& call,
                                     std::string_view name,
                                     std::int64_t otherwise) {
  const auto text = call.request.target.argument(name);
  return text ? parse_number(*text, name) : Result<std::int64_t>(otherwise);
}

Result<std::int64_t> id_argument(const Call& call, std::string_view name) {
  if (!call.request.target.argument(name)) {
    return fail(ErrorCode::kInvalid, std::string(name) + ": is missing");
  }
  return number_argument(call, name, 0);
}

Result<bool> flag_argument(const Call& call, std::string_view name) {
  std::string text(call.request.target.argument(name).value_or("false"));
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  if (text != "true" && text != "false") {
    return fail(ErrorCode::kInvalid, std::string(name) + ": must be true or false");
  }
  return text == "true";
}

Result<std::int64_t> id_placeholder(const Call& call, std::size_t index) {
  return parse_number(call.placeholders.at(index), "id in the path");
}

Result<void> add_routes(Router& router, Service service) {
  auto secrets = SecretBox::open(service.data_folder);
  if (!secrets) {
    return fail(secrets.error());
  }
  const auto context = std::make_shared<Context>(std::move(service), std::move(*secrets));
  add_open_routes(router, context);
  add_job_routes(router, context);
  add_run_routes(router, context);
  add_run_operation_routes(router, context);
  add_output_routes(router, context);
  add_notebook_routes(router, context);
  add_sheaf_run_routes(router, context);
  add_log_routes(router, context);
  add_file_routes(router, context);
  add_deployment_routes(router, context);
  add_hook_routes(router, context);
  add_overview_routes(router, context);
  add_pool_routes(router, context);
  add_why_routes(router, context);
  return {};
}

}  // namespace sheaf::http
