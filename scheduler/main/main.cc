// sheaf-scheduler: arguments and signals; daemon.h makes the parts.
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "common/base/failpoint.h"
#include "common/os/service.h"
#include "common/telemetry/log.h"
#include "scheduler/main/daemon.h"
#include "scheduler/store/store.h"
#include "scheduler/store/verify.h"

namespace {

constexpr const char* kVersion = "0.1.0";
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Arguments {
  sheaf::scheduler::DaemonSettings daemon;
  std::string listen = "127.0.0.1:7437";
  int ready_descriptor = -1;
  int lifeline = -1;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--data", arguments.daemon.data, "Folder of the scheduler's state");
  app.add_option("--listen", arguments.listen, "address:port of the HTTP API; port 0: any")
      ->capture_default_str();
  app.add_option("--workers-listen",
                 arguments.daemon.control_endpoint,
                 "tcp://host:port for workers; default: as last time, or any loopback port");
  app.add_option(
      "--logs-listen", arguments.daemon.log_endpoint, "tcp://host:port for workers' logs");
  app.add_option(
      "--url", arguments.daemon.advertised_url, "URL under which workers reach the HTTP API");
  using sheaf::placement::Policy;
  app.add_option(
         "--placement",
         arguments.daemon.placement,
         "Which of the fitting workers a task goes to: the emptiest (spread) or the fullest "
         "(pack)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Policy>{{"spread", Policy::kSpread}, {"pack", Policy::kPack}}))
      ->default_str("spread");
  app.add_option(
      "--ready-fd", arguments.ready_descriptor, "Descriptor told once everything listens");
  app.add_option("--lifeline-fd", arguments.lifeline, "Stop at the end of file of this descriptor");
}

bool split_listen(Arguments& arguments) {
  const auto colon = arguments.listen.rfind(':');
  if (colon == std::string::npos) {
    return false;
  }
  arguments.daemon.http_address = arguments.listen.substr(0, colon);
  try {
    const int port = std::stoi(arguments.listen.substr(colon + 1));
    arguments.daemon.http_port = static_cast<std::uint16_t>(port);
    return port >= 0 && port <= UINT16_MAX;
  } catch (const std::logic_error&) {
    return false;
  }
}

int serve(Arguments& arguments) {
  using sheaf::telemetry::Level;
  if (!split_listen(arguments)) {
    std::fputs("sheaf-scheduler: --listen must be address:port\n", stderr);
    return kExitUsage;
  }
  const auto stop_signal = sheaf::os::StopSignal::open(arguments.lifeline);
  if (!stop_signal) {
    sheaf::telemetry::log(Level::kError, stop_signal.error().message);
    return kExitFailed;
  }
  arguments.daemon.data = std::filesystem::absolute(arguments.daemon.data);
  const auto daemon = sheaf::scheduler::Daemon::start(arguments.daemon);
  if (!daemon) {
    sheaf::telemetry::log(Level::kError, daemon.error().message);
    return daemon.error().code == sheaf::ErrorCode::kInvalid ? kExitUsage : kExitFailed;
  }
  sheaf::os::report_ready(arguments.ready_descriptor, (*daemon)->ready_line());
  sheaf::telemetry::log(Level::kInfo, "ready: " + (*daemon)->ready_line());
  sheaf::telemetry::log(Level::kInfo, "stopping: " + stop_signal->wait());
  sheaf::os::report_stopping();
  return 0;
}

int verify(const std::filesystem::path& data) {
  const auto store = sheaf::store::open_store(data / "store");
  if (!store) {
    std::fprintf(stderr, "sheaf-scheduler: %s\n", store.error().message.c_str());
    return kExitFailed;
  }
  const auto verified = sheaf::store::verify(**store);
  if (!verified) {
    std::fprintf(stderr, "sheaf-scheduler: %s\n", verified.error().message.c_str());
    return kExitFailed;
  }
  for (const std::string& fault : verified->faults) {
    std::fprintf(stderr, "%s\n", fault.c_str());
  }
  std::printf("%llu batches, %llu events, %llu runs: %s\n",
              static_cast<unsigned long long>(verified->batches),
              static_cast<unsigned long long>(verified->events),
              static_cast<unsigned long long>(verified->runs),
              verified->faults.empty() ? "the events give the rows" : "the store is damaged");
  return verified->faults.empty() ? 0 : kExitFailed;
}

int list_failpoints() {
  for (const std::string_view name : sheaf::failpoint::kNames) {
    std::printf("%.*s\n", static_cast<int>(name.size()), name.data());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Keeps bundles' jobs and starts their runs.");
  app.set_version_flag("--version", kVersion);
  declare(app, arguments);
  const CLI::App* verify_command =
      app.add_subcommand("verify", "Check that the stored events give the stored rows, then end");
  const CLI::App* failpoints_command =
      app.add_subcommand("failpoints", "List the places at which a test may kill the daemons");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  sheaf::telemetry::start_log("sheaf-scheduler", sheaf::telemetry::Level::kInfo);
  if (failpoints_command->parsed()) {
    return list_failpoints();
  }
  if (arguments.daemon.data.empty()) {
    std::fputs("sheaf-scheduler: --data is missing\n", stderr);
    return kExitUsage;
  }
  return verify_command->parsed() ? verify(arguments.daemon.data) : serve(arguments);
}
