// What handlers share: the service, caches of what is costly to read, and the steps that most of
// them take. Owned by the handlers in the route table; what they leave behind for later (callbacks,
// timers) refers to it, and never runs once the pool has stopped.
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <boost/json/object.hpp>

#include "common/base/guarded.h"
#include "scheduler/core/command.h"
#include "scheduler/core/effect.h"
#include "scheduler/http/answers.h"
#include "scheduler/http/routes.h"
#include "scheduler/http/secret_box.h"
#include "scheduler/http/views_public.h"
#include "scheduler/http/views_sheaf.h"

namespace sheaf::http {

/// A settings document, as it came and compiled.
struct StoredSettings {
  boost::json::object document;
  model::JobSettings compiled;
};
using StoredSettingsPointer = std::shared_ptr<const StoredSettings>;
using DigestSet = std::shared_ptr<const std::set<std::string, std::less<>>>;

class Context {
 public:
  Context(Service service, SecretBox secrets);

  [[nodiscard]] const Service& service() const { return service_; }
  [[nodiscard]] const SecretBox& secrets() const { return secrets_; }
  [[nodiscard]] Timestamp now() const { return service_.clock(); }
  [[nodiscard]] std::unique_ptr<store::Reader> read() const { return service_.store.read(); }

  /// The settings document with this digest. Cached.
  [[nodiscard]] Result<StoredSettingsPointer> settings(const store::Reader& reader,
                                                       const std::string& digest);

  /// Digests of a manifest's files, and its own. Cached.
  [[nodiscard]] Result<DigestSet> files_of(const std::string& manifest_digest);

  /// Answers with what `make` makes of the reply, or with the refusal; after the commit, on the
  /// pool.
  void post(core::Command command,
            Respond respond,
            std::function<Response(const core::Reply&)> make) const;

  /// Where this client reaches the scheduler, without a slash at the end.
  [[nodiscard]] std::string base_url(const Request& request) const;

  /// Keeps a watch alive until drop_watch() or the end of the routes.
  [[nodiscard]] Result<std::uint64_t> keep_watch(files::LogWatch watch);
  void drop_watch(std::uint64_t number);

 private:
  struct Watches {
    std::map<std::uint64_t, files::LogWatch> kept;
    std::uint64_t last_number = 0;
  };

  Service service_;
  SecretBox secrets_;
  Guarded<std::map<std::string, StoredSettingsPointer>> settings_;
  Guarded<std::map<std::string, DigestSet>> manifests_;
  Guarded<Watches> watches_;
};

using ContextPointer = std::shared_ptr<Context>;

/// A handler that answers at once, or with an error.
using Answer = std::function<Result<Response>(const Call&)>;
[[nodiscard]] Handler to_handler(Answer answer);

/// The job, or kNotFound in the words of the public API.
[[nodiscard]] Result<core::JobRecord> find_job(const store::Reader& reader, JobId job);

/// The run, or kNotFound; kUnauthorized when an attempt's token asks for another run than its own,
/// or after that has ended.
[[nodiscard]] Result<core::RunRecord> find_run(const store::Reader& reader,
                                               RunId run,
                                               const Identity& identity);

/// The whole run; as find_run().
[[nodiscard]] Result<store::RunView> read_run(const store::Reader& reader,
                                              RunId run,
                                              const Identity& identity);

/// The run of this id, or the run that has this task run; as find_run().
[[nodiscard]] Result<store::RunView> find_run_or_task_run(const store::Reader& reader,
                                                          std::int64_t id,
                                                          const Identity& identity);

/// What the public view of a run needs.
[[nodiscard]] Result<RunSurroundings> find_surroundings(Context& context,
                                                        const store::Reader& reader,
                                                        const core::RunRecord& run,
                                                        const Request& request);

/// The number in query argument `name`; `otherwise` when it is absent. Fails with kInvalid.
[[nodiscard]] Result<std::int64_t> number_argument(const Call& call,
                                                   std::string_view name,
                                                   std::int64_t otherwise);
/// The same, and it must be an id.
[[nodiscard]] Result<std::int64_t> id_argument(const Call& call, std::string_view name);
/// `true` or `false` in any case; false when absent.
[[nodiscard]] Result<bool> flag_argument(const Call& call, std::string_view name);
/// The number in a path placeholder.
[[nodiscard]] Result<std::int64_t> id_placeholder(const Call& call, std::size_t index);

/// The parameters that a caller gives a run of this job: declared by it, and not too long.
[[nodiscard]] Result<void> check_overrides(Context& context,
                                           const store::Reader& reader,
                                           JobId id,
                                           const model::NamedStrings& overrides);

/// The same by a settings document.
[[nodiscard]] Result<void> check_overrides(Context& context,
                                           const store::Reader& reader,
                                           const std::string& settings_digest,
                                           const model::NamedStrings& overrides);

// One function a group of routes.
void add_open_routes(Router& router, const ContextPointer& context);
void add_job_routes(Router& router, const ContextPointer& context);
void add_run_routes(Router& router, const ContextPointer& context);
void add_run_operation_routes(Router& router, const ContextPointer& context);
void add_output_routes(Router& router, const ContextPointer& context);
void add_sheaf_run_routes(Router& router, const ContextPointer& context);
void add_notebook_routes(Router& router, const ContextPointer& context);
void add_log_routes(Router& router, const ContextPointer& context);
void add_file_routes(Router& router, const ContextPointer& context);
void add_deployment_routes(Router& router, const ContextPointer& context);
void add_hook_routes(Router& router, const ContextPointer& context);
void add_overview_routes(Router& router, const ContextPointer& context);
void add_pool_routes(Router& router, const ContextPointer& context);
void add_why_routes(Router& router, const ContextPointer& context);

}  // namespace sheaf::http
