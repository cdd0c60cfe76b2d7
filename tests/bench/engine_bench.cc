// The engine without workers: a for-each of no-op iterations, answered at once by an echo in this
// process. Prints what a task costs alone in the core and with the store, its memory, and what
// compiling a large graph takes; every round measures the disk's own rate of syncs beside it.
//
//   bench_engine [--rounds N] [--tasks N]
//   bench_engine --once LOOPS [--tasks N] [--action python]    one measure only, for a profiler
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/model/job_settings.h"
#include "scheduler/engine/turn.h"
#include "scheduler/store/store.h"
#include "tests/bench/core_turn.h"

namespace sheaf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Private memory of this process, bytes.
double resident_anonymous() {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kibibytes = 0;
  while (status >> word) {
    if (word == "RssAnon:") {
      status >> kibibytes;
    }
  }
  return kibibytes * 1024;
}

/// The least in three seconds: the store writes its buffers out behind the commit.
double settled_memory() {
  double least = resident_anonymous();
  for (const auto begin = Clock::now(); seconds_since(begin) < 3;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    least = std::min(least, resident_anonymous());
  }
  return least;
}

/// Iterations at once that a for-each task may have at most.
constexpr std::uint32_t kConcurrency = 100;

/// What an iteration runs.
enum class Action { kCommand, kPython };

std::string action_of(Action action) {
  return action == Action::kCommand
             ? R"("command_task":{"command":["true"]})"
             : R"("environment_key":"e","spark_python_task":{"python_file":"/bundle/train.py",)"
               R"("parameters":["--fold","{{input}}","--run","{{job.run_id}}"]})";
}

constexpr const char* kEnvironments =
    R"("environments":[{"environment_key":"e","spec":{"environment_version":"2","dependencies":)"
    R"(["mlflow==2.14.1","numpy==1.26.4","pandas==2.2.0","scikit-learn==1.5.0","scipy==1.13.0"]}}])";

/// A job of `loops` for-each tasks side by side.
std::string loop_document(int loops, Action action) {
  std::string document = R"({"name":"loop","tasks":[)";
  for (int i = 0; i < loops; ++i) {
    document += (i == 0 ? "" : ",") + (R"({"task_key":"loop)" + std::to_string(i)) +
                R"(","for_each_task":{"concurrency":)" + std::to_string(kConcurrency) +
                R"(,"sheaf":{"inputs_file":"inputs"},"task":{"task_key":"each",)" +
                action_of(action) + "}}}";
  }
  return document + "]," + kEnvironments + "}";
}

core::SettingsPointer compiled(const std::string& document) {
  return std::make_shared<const model::JobSettings>(model::parse_job_settings(document).value());
}

std::string inputs(std::int64_t count) {
  std::string lines;
  for (std::int64_t i = 0; i < count; ++i) {
    lines += std::to_string(i) + "\n";
  }
  return lines;
}

/// A store in a new folder, and a turn of the engine around it.
class Echo {
  /// What an answer has to name.
  struct Started {
    WorkerId worker;
    AttemptId attempt;
    std::uint64_t fence = 0;
  };

 public:
  Echo(std::int64_t tasks, int loops, Action action) : lines_(inputs(tasks / loops)) {
    folder_ = std::filesystem::temp_directory_path() /
              ("sheaf-bench-" + std::to_string(::getpid()) + "-" + std::to_string(++number_));
    std::filesystem::create_directories(folder_);
    store_ = store::open_store(folder_ / "store").value();
    engine::Outlets outlets;
    outlets.start_attempt = [this](const core::StartAttempt& order) {
      starts_.push_back(
          {.worker = order.worker, .attempt = order.spec.attempt, .fence = order.spec.fence});
    };
    turn_ = std::make_unique<engine::Turn>(
        *store_,
        std::move(outlets),
        [] { return from_epoch_ms(1'700'000'000'000); },
        [this](const std::string&, const std::string&) { return Result<std::string>(lines_); });
    SHEAF_CHECK(turn_->begin().has_value(), "the store cannot be recovered");
    const std::string document = loop_document(loops, action);
    core::DeployedJob job{.resource_key = "loop",
                          .settings_digest = std::string(64, 'a'),
                          .settings_json = document,
                          .settings = compiled(document)};
    take({core::RegisterWorker{
        .name = "w", .boot_id = "b", .slots = kConcurrency * static_cast<std::uint32_t>(loops)}});
    take({core::Deploy{
        .bundle = "b", .target = "t", .expected_version = std::nullopt, .jobs = {std::move(job)}}});
  }
  ~Echo() {
    turn_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

  void submit() { take({core::SubmitRun{.job = job_}}); }

  /// Answers every attempt that was started; false when there was none.
  bool answer() {
    std::vector<core::Command> results;
    for (const Started& start : std::exchange(starts_, {})) {
      results.push_back(core::ReportResult{.worker = start.worker,
                                           .attempt = start.attempt,
                                           .fence = start.fence,
                                           .outcome = {.end = model::AttemptEnd::kExited,
                                                       .tree_empty = true,
                                                       .started = from_epoch_ms(1'700'000'000'000),
                                                       .ended = from_epoch_ms(1'700'000'000'000)}});
    }
    if (results.empty()) {
      return false;
    }
    take(std::move(results));
    ++batches_;
    return true;
  }

  [[nodiscard]] std::int64_t batches() const { return batches_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  void take(std::vector<core::Command> commands) {
    std::deque<engine::Waiting> waiting;
    for (core::Command& command : commands) {
      waiting.push_back({.command = std::move(command),
                         .on_outcome = [this](const engine::Outcome& outcome) { note(outcome); }});
    }
    turn_->take(std::move(waiting));
  }

  void note(const engine::Outcome& outcome) {
    SHEAF_CHECK(outcome.has_value(), outcome ? "" : outcome.error().message);
    if (const auto* deployed = std::get_if<core::DeployReply>(&*outcome)) {
      job_ = deployed->jobs.front().id;
    }
  }

  static inline int number_ = 0;
  std::filesystem::path folder_;
  std::string lines_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<engine::Turn> turn_;
  std::vector<Started> starts_;
  JobId job_;
  std::int64_t batches_ = 0;
};

struct Measured {
  double tasks_per_second = 0;
  double batches_per_second = 0;
};

/// Private bytes a pending iteration; for a process that has freed nothing yet.
double pending_bytes(std::int64_t tasks) {
  Echo echo(tasks, 1, Action::kCommand);
  const double before = settled_memory();
  echo.submit();
  return (settled_memory() - before) / static_cast<double>(tasks);
}

Measured run_loops(std::int64_t tasks, int loops, Action action) {
  Echo echo(tasks, loops, action);
  echo.submit();
  const auto begin = Clock::now();
  while (echo.answer()) {
  }
  const double taken = seconds_since(begin);
  return {.tasks_per_second = static_cast<double>(tasks) / taken,
          .batches_per_second = static_cast<double>(echo.batches()) / taken};
}

/// The changes of state that each task goes through: blocked, ready, leased, running, succeeded.
constexpr double kTransitions = 4;

/// Transitions a second of a job of independent tasks, without store.
double core_alone(std::int64_t tasks) {
  bench::CoreTurn core(bench::wide_job(tasks), kConcurrency);
  const auto begin = Clock::now();
  core.submit();
  while (core.finish_all()) {
  }
  return kTransitions * static_cast<double>(tasks) / seconds_since(begin);
}

/// Appends of 4 KiB with a sync each, a second: what the disk allows at most.
double sync_rate(const std::filesystem::path& folder) {
  constexpr int kSyncs = 500;
  const std::string page(4'096, 'x');
  const int file = ::open((folder / "syncs").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  SHEAF_CHECK(file >= 0, "no file for the sync rate");
  const auto begin = Clock::now();
  for (int i = 0; i < kSyncs; ++i) {
    SHEAF_CHECK(::write(file, page.data(), page.size()) > 0 && ::fdatasync(file) == 0, "sync");
  }
  const double rate = kSyncs / seconds_since(begin);
  ::close(file);
  std::filesystem::remove(folder / "syncs");
  return rate;
}

/// Layers of 1,000; each task waits for `fan_in` random ones of the layer before. Seconds to
/// compile.
double compile_graph(std::int64_t tasks, int fan_in) {
  constexpr std::int64_t kLayer = 1'000;
  std::mt19937 random(7);
  model::JobSettings settings;
  settings.tasks.resize(static_cast<std::size_t>(tasks));
  for (std::int64_t i = 0; i < tasks; ++i) {
    model::TaskSettings& task = settings.tasks[static_cast<std::size_t>(i)];
    task.task_key = "t" + std::to_string(i);
    const std::int64_t layer = i / kLayer * kLayer;
    for (int edge = 0; layer > 0 && edge < fan_in; ++edge) {
      const std::int64_t above = layer - kLayer + static_cast<std::int64_t>(random() % kLayer);
      task.depends_on.push_back({.task_key = "t" + std::to_string(above), .outcome = {}});
    }
  }
  const auto begin = Clock::now();
  const core::JobGraph graph(settings);
  const core::TaskKinds kinds(settings);
  const double taken = seconds_since(begin);
  SHEAF_CHECK(graph.size() == settings.tasks.size(), "a task is missing");
  return taken;
}

void print(const char* what, std::vector<double> values) {
  std::ranges::sort(values);
  std::printf("%-52s %14.1f %14.1f %14.1f\n",
              what,
              values[values.size() / 2],
              values.front(),
              values.back());
  std::fflush(stdout);
}

std::string_view text_argument(int argc, char** argv, std::string_view name) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == name) {
      return argv[i + 1];
    }
  }
  return {};
}

std::int64_t argument(int argc, char** argv, std::string_view name, std::int64_t otherwise) {
  const std::string_view text = text_argument(argc, argv, name);
  return text.empty() ? otherwise : std::strtoll(text.data(), nullptr, 10);
}

int run(int argc, char** argv) {
  constexpr std::int64_t kCoreTasks = 100'000;
  const auto rounds = argument(argc, argv, "--rounds", 9);
  const auto most = argument(argc, argv, "--tasks", 1'000'000);
  if (const auto loops = argument(argc, argv, "--once", 0); loops > 0) {
    const auto action =
        text_argument(argc, argv, "--action") == "python" ? Action::kPython : Action::kCommand;
    print("tasks/s", {run_loops(most, static_cast<int>(loops), action).tasks_per_second});
    return 0;
  }
  std::map<std::string, std::vector<double>> rows;
  rows[std::to_string(most) + " iterations: bytes a pending task"] = {pending_bytes(most)};
  for (std::int64_t round = 0; round < rounds; ++round) {
    rows["host: fdatasync, /s"].push_back(sync_rate(std::filesystem::temp_directory_path()));
    rows["core alone: transitions/s"].push_back(core_alone(kCoreTasks));
    for (const int loops : {1, 10}) {
      for (std::int64_t tasks = 1'000; tasks <= most; tasks *= 10) {
        const Measured measured = run_loops(tasks, loops, Action::kCommand);
        const std::string name =
            std::to_string(loops) + " loops, " + std::to_string(tasks) + " iterations";
        rows[name + ": tasks/s"].push_back(measured.tasks_per_second);
        rows[name + ": commits/s"].push_back(measured.batches_per_second);
      }
      rows[std::to_string(loops) + " loops, " + std::to_string(most) +
           " iterations of Python: tasks/s"]
          .push_back(run_loops(most, loops, Action::kPython).tasks_per_second);
    }
    rows["100,000 tasks, 1,000,000 edges compiled: ms"].push_back(compile_graph(100'000, 10) *
                                                                  1'000);
  }
  std::printf("%-52s %14s %14s %14s\n", "measure", "median", "lowest", "highest");
  for (const auto& [what, values] : rows) {
    print(what.c_str(), values);
  }
  return 0;
}

}  // namespace
}  // namespace sheaf

int main(int argc, char** argv) {
  return sheaf::run(argc, argv);
}
