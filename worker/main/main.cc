// sheaf-worker: arguments, keys, signals; everything else is the session's.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/os/file.h"
#include "common/os/machine.h"
#include "common/os/service.h"
#include "common/telemetry/log.h"
#include "common/transport/keys.h"
#include "worker/session/session.h"

namespace {

using sheaf::Result;

constexpr const char* kVersion = "0.1.0";
constexpr int kExitUsage = 2;
constexpr int kExitFailed = 1;

struct Arguments {
  std::filesystem::path data;
  std::filesystem::path
      scheduler_data;  ///< Of a scheduler on this machine: keys and addresses are there.
  std::string control_endpoint;
  std::string log_endpoint;
  std::filesystem::path server_key_file;
  std::string name = "local";
  std::uint32_t slots = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::string> labels;
  std::optional<double> cpus;
  std::optional<std::uint64_t> memory_bytes;
  std::optional<std::uint32_t> gpus;
  bool has_no_cgroups = false;
  int ready_descriptor = -1;
  int lifeline = -1;
};

/// What was said, and for the rest what the machine has.
sheaf::model::WorkerResources resources_of(const Arguments& arguments) {
  sheaf::model::WorkerResources resources = sheaf::os::detect_machine();
  if (arguments.cpus) {
    resources.cpu_millis = std::llround(*arguments.cpus * 1'000);
  }
  if (arguments.memory_bytes) {
    resources.memory_bytes = static_cast<std::int64_t>(
        std::min<std::uint64_t>(*arguments.memory_bytes, std::numeric_limits<std::int64_t>::max()));
  }
  if (arguments.gpus) {
    resources.gpus.resize(*arguments.gpus);
    std::iota(resources.gpus.begin(), resources.gpus.end(), 0U);
  }
  return resources;
}

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--data", arguments.data, "Folder of this worker's state")->required();
  app.add_option(
      "--scheduler-data",
      arguments.scheduler_data,
      "Data folder of a scheduler on this machine; replaces --control, --logs, --server-key");
  app.add_option("--control", arguments.control_endpoint, "tcp://host:port of the scheduler");
  app.add_option("--logs", arguments.log_endpoint, "tcp://host:port for logs");
  app.add_option("--server-key", arguments.server_key_file, "File with the scheduler's public key");
  app.add_option("--name", arguments.name, "Name under which this worker's key is enrolled");
  app.add_option("--slots", arguments.slots, "Attempts at once")->check(CLI::Range(1U, 10'000U));
  app.add_option("--cpus", arguments.cpus, "Cores to give; default: those it may run on")
      ->check(CLI::Range(0.0, 100'000.0));
  app.add_option("--memory",
                 arguments.memory_bytes,
                 "Memory to give, such as 64GiB; default: the machine's")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--gpus", arguments.gpus, "GPUs to give, 0 to N-1; default: /dev/nvidia[0-9]*")
      ->check(CLI::Range(std::size_t{0}, sheaf::limits::kMaxGpusPerWorker));
  app.add_option("--label",
                 arguments.labels,
                 "What tasks may ask for, such as zone=b or fast-disk; may be repeated");
  app.add_flag(
      "--no-cgroups", arguments.has_no_cgroups, "Find process trees by their parents alone");
  app.add_option(
      "--ready-fd", arguments.ready_descriptor, "Descriptor told once the worker is registered");
  app.add_option("--lifeline-fd", arguments.lifeline, "Stop at the end of file of this descriptor");
}

/// Addresses and key of a scheduler on this machine, as it wrote them; enrols this worker's key
/// there.
Result<void> use_local_scheduler(Arguments& arguments, const sheaf::transport::KeyPair& keys) {
  const auto text = sheaf::os::read_file(arguments.scheduler_data / "workers.json", 64U << 10U);
  if (!text) {
    return sheaf::fail(text.error());
  }
  boost::json::error_code error;
  const boost::json::value document = boost::json::parse(*text, error);
  const auto* object = document.if_object();
  if (error || object == nullptr || !object->contains("control") || !object->contains("log")) {
    return sheaf::fail(sheaf::ErrorCode::kCorrupt, "workers.json of the scheduler cannot be read");
  }
  arguments.control_endpoint = std::string(object->at("control").as_string());
  arguments.log_endpoint = std::string(object->at("log").as_string());
  arguments.server_key_file = arguments.scheduler_data / "keys" / "scheduler.pub";
  return sheaf::transport::store_public_key(
      arguments.scheduler_data / "workers" / (arguments.name + ".pub"), keys.public_key);
}

/// The folder of this program: sheaf-shim stands beside it, what is shared in ../share/sheaf.
std::filesystem::path program_folder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

Result<void> serve(Arguments arguments, const sheaf::os::StopSignal& stop_signal) {
  auto keys = sheaf::transport::load_or_create_keys(arguments.data / "keys" / "worker");
  if (!keys) {
    return sheaf::fail(keys.error());
  }
  if (!arguments.scheduler_data.empty()) {
    if (auto used = use_local_scheduler(arguments, *keys); !used) {
      return used;
    }
  }
  auto server_key = sheaf::transport::load_public_key(arguments.server_key_file);
  if (!server_key) {
    return sheaf::fail(server_key.error(), "--server-key");
  }
  const int ready = arguments.ready_descriptor;
  auto session = sheaf::session::Session::open(
      {.name = arguments.name,
       .version = kVersion,
       .slots = arguments.slots,
       .labels = arguments.labels,
       .resources = resources_of(arguments),
       .folder = arguments.data,
       .shim_program = program_folder() / "sheaf-shim",
       .runtime_package = program_folder().parent_path() / "share" / "sheaf" / "python",
       .cgroup_use = arguments.has_no_cgroups ? sheaf::runner::CgroupUse::kNever
                                              : sheaf::runner::CgroupUse::kWherePossible,
       .control_endpoint = arguments.control_endpoint,
       .log_endpoint = arguments.log_endpoint,
       .server_public_key = *server_key,
       .keys = *keys,
       .on_ready =
           [ready] {
             sheaf::os::report_ready(ready, "{\"pid\":" + std::to_string(::getpid()) + "}");
           },
       .on_turn = [] { sheaf::os::feed_watchdog(); }});
  if (!session) {
    return sheaf::fail(session.error());
  }
  std::jthread stopper([&session, &stop_signal] {
    sheaf::telemetry::log(sheaf::telemetry::Level::kInfo, "stopping: " + stop_signal.wait());
    sheaf::os::report_stopping();
    (*session)->stop();
  });
  (*session)->run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Runs the tasks that a Sheaf scheduler gives to this machine.");
  app.set_version_flag("--version", kVersion);
  declare(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (arguments.scheduler_data.empty() &&
      (arguments.control_endpoint.empty() || arguments.log_endpoint.empty() ||
       arguments.server_key_file.empty())) {
    std::fputs("sheaf-worker: give --scheduler-data, or --control, --logs and --server-key\n",
               stderr);
    return kExitUsage;
  }
  sheaf::telemetry::start_log("sheaf-worker", sheaf::telemetry::Level::kInfo);
  const auto stop_signal = sheaf::os::StopSignal::open(arguments.lifeline);
  if (!stop_signal) {
    sheaf::telemetry::log(sheaf::telemetry::Level::kError, stop_signal.error().message);
    return kExitFailed;
  }
  arguments.data = std::filesystem::absolute(arguments.data);
  const auto served = serve(std::move(arguments), *stop_signal);
  if (!served) {
    sheaf::telemetry::log(sheaf::telemetry::Level::kError, served.error().message);
    // The stopper still waits for its signal; nothing of this process is worth unwinding.
    std::_Exit(served.error().code == sheaf::ErrorCode::kInvalid ? kExitUsage : kExitFailed);
  }
  return 0;
}
