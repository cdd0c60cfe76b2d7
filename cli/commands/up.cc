// `sheaf up`: a scheduler and a worker on this machine.
#include <cstdio>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <sched.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/local/supervisor.h"

namespace sheaf::cli {
namespace {

constexpr int kMaxSlots = 10'000;
constexpr int kMaxPort = 65'535;

/// Cores that this process may use.
int usable_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) {
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  }
  return std::max(1, CPU_COUNT(&cores));
}

class UpCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("up", "Runs a scheduler and a worker on this machine");
    app->add_option("--port", settings_.port, "Port of the HTTP API on 127.0.0.1; 0: any")
        ->capture_default_str()
        ->option_text("N")
        ->check(CLI::Range(0, kMaxPort));
    app->add_option("--slots", slots_, "Attempts at once; default: the number of cores")
        ->option_text("N")
        ->check(CLI::Range(1, kMaxSlots));
    app->add_flag("--keep",
                  settings_.keeps_tasks,
                  "Leave running tasks alone at the end; the next `sheaf up` adopts them");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto folder = invocation.data_folder();
    if (!folder) {
      return fail(folder.error());
    }
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) {
      return fail(ErrorCode::kInternal, "/proc/self/exe: " + error.message());
    }
    settings_.data_folder = *folder;
    settings_.program_folder = program.parent_path();
    settings_.slots = slots_.value_or(usable_cores());
    auto supervisor = Supervisor::open(settings_);
    if (!supervisor) {
      return fail(supervisor.error());
    }
    const auto served =
        (*supervisor)->run([&](const Supervisor::Ready& ready) { announce(invocation, ready); });
    return served ? Result<ExitStatus>(ExitStatus::kSuccess) : fail(served.error());
  }

 private:
  void announce(const Invocation& invocation, const Supervisor::Ready& ready) const {
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"url", ready.endpoint.url},
                                     {"data", settings_.data_folder.string()},
                                     {"token_file", ready.endpoint.token_file.string()},
                                     {"scheduler_id", ready.endpoint.scheduler_id},
                                     {"slots", settings_.slots},
                                     {"pid", ready.endpoint.pid},
                                     {"scheduler_pid", ready.scheduler},
                                     {"worker_pid", ready.worker}});
    } else {
      print("Sheaf is ready at " + ready.endpoint.url + ", data in " +
            settings_.data_folder.string() + ", " + std::to_string(settings_.slots) +
            (settings_.slots == 1 ? " slot" : " slots") + ". Ctrl-C stops it.\n");
    }
    std::fflush(stdout);
  }

  SupervisorSettings settings_;
  std::optional<int> slots_;
};

}  // namespace

std::unique_ptr<Command> make_up_command() {
  return std::make_unique<UpCommand>();
}

}  // namespace sheaf::cli
