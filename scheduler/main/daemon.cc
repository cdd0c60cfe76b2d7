#include "scheduler/main/daemon.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json.hpp>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/model/manifest.h"
#include "common/os/clocks.h"
#include "common/os/file.h"
#include "common/os/service.h"
#include "common/telemetry/log.h"
#include "common/transport/authenticator.h"
#include "common/transport/keys.h"
#include "scheduler/engine/engine.h"
#include "scheduler/files/blobs.h"
#include "scheduler/files/logs.h"
#include "scheduler/http/change_feed.h"
#include "scheduler/http/pool.h"
#include "scheduler/http/routes.h"
#include "scheduler/http/server.h"
#include "scheduler/http/tokens.h"
#include "scheduler/main/config.h"
#include "scheduler/notify/notifier.h"
#include "scheduler/store/store.h"
#include "scheduler/triggers/schedule_watcher.h"
#include "scheduler/workers/worker_port.h"

namespace sheaf::scheduler {
namespace {

namespace fs = std::filesystem;

constexpr int kExitUnsafe = 70;
constexpr const char* kAnyLoopbackPort = "tcp://127.0.0.1:*";
constexpr const char* kAddressFile = "workers.json";

/// Where the last start listened: workers and running tasks hold on to these addresses.
struct Addresses {
  std::uint16_t http_port = 0;
  std::string control;
  std::string log;
};

Addresses last_addresses(const fs::path& data) {
  Addresses addresses;
  const auto text = os::read_file(data / kAddressFile, 64U << 10U);
  boost::json::error_code error;
  const auto document = text ? boost::json::parse(*text, error) : boost::json::value();
  const auto* object = document.if_object();
  if (object == nullptr || error) {
    return addresses;
  }
  const auto read = [object](const char* key) {
    const auto* value = object->if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
  };
  addresses.control = read("control");
  addresses.log = read("log");
  if (const auto* port = object->if_contains("http_port"); port != nullptr && port->is_int64()) {
    addresses.http_port = static_cast<std::uint16_t>(port->as_int64());
  }
  return addresses;
}

std::string first_of(const std::string& wanted, const std::string& last) {
  if (!wanted.empty()) {
    return wanted;
  }
  return last.empty() ? kAnyLoopbackPort : last;
}

std::string user_name() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any other thread.
  const char* name = std::getenv("USER");
  return name == nullptr || *name == '\0' ? "admin" : name;
}

void log_trouble(const std::string& what) {
  telemetry::log(telemetry::Level::kWarning, what);
}

[[noreturn]] void end_unsafe(const Error& error) {
  telemetry::log(telemetry::Level::kError, "the store failed, ending: " + error.message);
  std::_Exit(kExitUnsafe);
}

/// A file of a deployment, for the engine.
Result<std::string> read_deployed_file(const files::Blobs& blobs,
                                       const std::string& manifest_digest,
                                       const std::string& path) {
  if (manifest_digest.empty()) {
    return fail(ErrorCode::kNotFound, "the run has no files");
  }
  const auto text = blobs.read(manifest_digest, model::kMaxManifestBytes);
  if (!text) {
    return fail(text.error());
  }
  const auto manifest = model::parse_manifest(*text);
  if (!manifest) {
    return fail(manifest.error());
  }
  const auto found = std::ranges::find(manifest->files, path, &model::ManifestFile::path);
  if (found == manifest->files.end()) {
    return fail(ErrorCode::kNotFound, "the deployment has no such file");
  }
  return blobs.read(found->digest, limits::kMaxIterationInputBytes);
}

}  // namespace

/// In order of construction; destroyed in reverse, after stop().
struct Daemon::Parts {
  DaemonSettings settings;
  Config config;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<http::Tokens> tokens;
  http::Pool pool{2, log_trouble};
  std::unique_ptr<files::Blobs> blobs;
  std::unique_ptr<files::LogFiles> logs;
  std::unique_ptr<http::ChangeFeed> feed;
  std::unique_ptr<transport::Authenticator> authenticator;
  std::unique_ptr<workers::WorkerPort> port;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<triggers::ScheduleWatcher> watcher;
  std::unique_ptr<notify::Notifier> notifier;
  std::unique_ptr<http::Router> router;
  std::unique_ptr<http::Server> server;
  std::string url;

  [[nodiscard]] Result<void> open_files();
  /// Clients that connect wait until begin() is over.
  [[nodiscard]] Result<void> listen(const Addresses& last);
  void make_engine();
  void make_notifier();
  [[nodiscard]] Result<void> open_port(const Addresses& last);
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<std::string> announce() const;
  [[nodiscard]] std::string state_of(WorkerId worker) const;
  void stop();
};

std::string Daemon::Parts::state_of(WorkerId worker) const {
  const auto workers = port->workers();
  const auto found = std::ranges::find(workers, worker, &workers::WorkerPresence::worker);
  if (found == workers.end()) {
    return "away";
  }
  switch (found->state) {
    case workers::WorkerPresence::State::kConnected:
      return "connected";
    case workers::WorkerPresence::State::kSuspect:
      return "suspect";
    case workers::WorkerPresence::State::kAway:
      break;
  }
  return "away";
}

Result<void> Daemon::Parts::open_files() {
  if (auto made = os::make_private_folder(settings.data); !made) {
    return made;
  }
  auto loaded = load_config(settings.data / "config.yml");
  if (!loaded) {
    return fail(loaded.error());
  }
  config = std::move(*loaded);
  auto opened_store = store::open_store(settings.data / "store");
  if (!opened_store) {
    return fail(opened_store.error());
  }
  store = std::move(*opened_store);
  for (const std::string& notice : store->notices()) {
    telemetry::log(telemetry::Level::kWarning, notice);
  }
  auto opened_tokens = http::Tokens::open(settings.data, user_name());
  if (!opened_tokens) {
    return fail(opened_tokens.error());
  }
  tokens = std::make_unique<http::Tokens>(std::move(*opened_tokens));
  auto opened_blobs = files::Blobs::open(settings.data / "blobs");
  if (!opened_blobs) {
    return fail(opened_blobs.error());
  }
  blobs = std::move(*opened_blobs);
  auto opened_logs = files::LogFiles::open(settings.data / "logs");
  if (!opened_logs) {
    return fail(opened_logs.error());
  }
  logs = std::move(*opened_logs);
  feed = std::make_unique<http::ChangeFeed>(store->head().batch);
  return {};
}

void Daemon::Parts::make_engine() {
  engine::Outlets outlets;
  outlets.start_attempt = [this](const core::StartAttempt& order) { port->order_start(order); };
  outlets.stop_attempt = [this](const core::StopAttempt& order) { port->order_stop(order); };
  outlets.send_alert = [this](const core::SendAlert& order) { notifier->notify(order); };
  outlets.watch_schedule = [this](const core::WatchSchedule& order) { watcher->watch(order); };
  outlets.unwatch_schedule = [this](const core::UnwatchSchedule& order) {
    watcher->unwatch(order);
  };
  outlets.runs_changed = [this](const std::vector<RunId>& runs, std::uint64_t batch) {
    feed->publish(runs, batch);
  };
  outlets.turned = [] { os::feed_watchdog(); };
  outlets.fatal = [](const Error& error) { end_unsafe(error); };
  engine = std::make_unique<engine::Engine>(
      *store,
      std::move(outlets),
      [] { return os::wall_time(); },
      [this](const std::string& manifest, const std::string& path) {
        return read_deployed_file(*blobs, manifest, path);
      },
      settings.placement);
  watcher = std::make_unique<triggers::ScheduleWatcher>(*engine);
}

/// After listen(): mails name the URL, whose port may be known only then.
void Daemon::Parts::make_notifier() {
  notify::DeliverySettings delivery = config.alerts;
  delivery.origin = {.scheduler_id = tokens->scheduler_id(),
                     .workspace_id = tokens->workspace_id(),
                     .scheduler_url = url};
  notifier = std::make_unique<notify::Notifier>(*engine, std::move(delivery), config.retry);
}

Result<void> Daemon::Parts::listen(const Addresses& last) {
  router = std::make_unique<http::Router>();
  auto added =
      http::add_routes(*router,
                       {.engine = *engine,
                        .store = *store,
                        .blobs = *blobs,
                        .logs = *logs,
                        .feed = *feed,
                        .tokens = *tokens,
                        .pool = pool,
                        .data_folder = settings.data,
                        .worker_state = [this](WorkerId worker) { return state_of(worker); },
                        .base_url = settings.advertised_url});
  if (!added) {
    return added;
  }
  http::ServerSettings server_settings{
      .address = settings.http_address, .port = settings.http_port, .on_trouble = log_trouble};
  if (server_settings.port == 0) {
    server_settings.port = last.http_port;
  }
  auto bound = http::Server::listen(
      server_settings,
      *router,
      [this](std::string_view authorization) {
        return tokens->authenticate(authorization, os::wall_time());
      },
      pool);
  if (!bound) {
    return fail(bound.error());
  }
  server = std::move(*bound);
  url = settings.advertised_url.empty()
            ? "http://" + settings.http_address + ":" + std::to_string(server->port())
            : settings.advertised_url;
  return {};
}

Result<void> Daemon::Parts::open_port(const Addresses& last) {
  auto keys = transport::load_or_create_keys(settings.data / "keys" / "scheduler");
  if (!keys) {
    return fail(keys.error());
  }
  if (auto made = os::make_private_folder(settings.data / "workers"); !made) {
    return made;
  }
  auto created = workers::WorkerPort::create(
      {.control_endpoint = first_of(settings.control_endpoint, last.control),
       .log_endpoint = first_of(settings.log_endpoint, last.log),
       .keys = *keys,
       .http_base_url = url,
       .attempt_token =
           [this](AttemptId attempt) {
             return tokens->mint_attempt_token(attempt, os::wall_time());
           },
       .fatal = [](const Error& error) { end_unsafe(error); }});
  if (!created) {
    return fail(created.error());
  }
  port = std::move(*created);
  auto authenticating = transport::Authenticator::start(
      {.folders = {{"workers", settings.data / "workers"}},
       .on_refused = [](const std::string& key, const std::string& address) {
         telemetry::log(
             telemetry::Level::kWarning,
             "a worker from " + address + " with the unknown key " + key + " was refused");
       }});
  if (!authenticating) {
    return fail(authenticating.error());
  }
  authenticator = std::move(*authenticating);
  return {};
}

Result<void> Daemon::Parts::begin() {
  const std::uint64_t fence = store->head().batch;
  const auto epoch = engine->start();
  if (!epoch) {
    return fail(epoch.error());
  }
  telemetry::log(telemetry::Level::kInfo, "epoch " + std::to_string(*epoch) + " begins");
  if (auto started = port->start({.engine = *engine, .store = *store, .logs = *logs},
                                 {.epoch = *epoch, .fence = fence});
      !started) {
    return started;
  }
  if (auto started = notifier->start(*store->read()); !started) {
    return started;
  }
  watcher->start();
  server->serve();
  return {};
}

/// Written before readiness is told, so that whoever waits for that finds it.
Result<std::string> Daemon::Parts::announce() const {
  const boost::json::object addresses{{"url", url},
                                      {"http_port", server->port()},
                                      {"control", port->control_endpoint()},
                                      {"log", port->log_endpoint()},
                                      {"scheduler_id", tokens->scheduler_id()},
                                      {"pid", ::getpid()}};
  std::string line = boost::json::serialize(addresses);
  if (auto written = os::replace_file(settings.data / kAddressFile, line); !written) {
    return fail(written.error());
  }
  return line;
}

void Daemon::Parts::stop() {
  if (watcher) {
    watcher->stop();
  }
  if (notifier) {
    notifier->stop();
  }
  if (port) {
    port->stop();
  }
  if (engine) {
    engine->stop();
  }
  pool.stop();
}

Result<std::unique_ptr<Daemon>> Daemon::start(const DaemonSettings& settings) {
  auto parts = std::make_unique<Parts>();
  parts->settings = settings;
  const Addresses last = last_addresses(settings.data);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(parts)));
  Parts& made = *daemon->parts_;
  if (auto opened = made.open_files(); !opened) {
    return fail(opened.error());
  }
  made.make_engine();
  if (auto listening = made.listen(last); !listening) {
    return fail(listening.error());
  }
  made.make_notifier();
  if (auto opened = made.open_port(last); !opened) {
    return fail(opened.error());
  }
  if (auto begun = made.begin(); !begun) {
    return fail(begun.error());
  }
  auto line = made.announce();
  if (!line) {
    return fail(line.error());
  }
  daemon->ready_line_ = std::move(*line);
  return daemon;
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() {
  parts_->stop();
}

}  // namespace sheaf::scheduler
