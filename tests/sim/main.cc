// simulate: plays seeds, one after another, and tells what happened. tools/simulate runs several
// side by side.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <unistd.h>

#include "common/base/planted.h"
#include "common/telemetry/log.h"
#include "tests/sim/story.h"
#include "tests/sim/trace.h"

namespace {

using namespace sheaf;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 1;
  std::uint64_t stride = 1;
  bool stops_at_failure = false;
  bool prints_hashes = false;
};

volatile std::uint64_t current_seed = 0;

/// A failed check aborts: say which seed it was.
void tell_seed(int /*signal*/) {
  char text[64];
  const int length = std::snprintf(text,
                                   sizeof text,
                                   "seed %llu: aborted or ended\n",
                                   static_cast<unsigned long long>(current_seed));
  static_cast<void>(!::write(STDOUT_FILENO, text, static_cast<std::size_t>(length)));
  std::_Exit(1);
}

bool parse(int count, char** words, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const char* value = i + 1 < count ? words[i + 1] : nullptr;
    if (word == "--stop") {
      arguments.stops_at_failure = true;
    } else if (word == "--trace") {
      sim::is_tracing = true;
    } else if (word == "--hashes") {
      arguments.prints_hashes = true;
    } else if (value == nullptr) {
      return false;
    } else if (word == "--first") {
      arguments.first = std::strtoull(value, nullptr, 10), ++i;
    } else if (word == "--seeds") {
      arguments.seeds = std::strtoull(value, nullptr, 10), ++i;
    } else if (word == "--stride") {
      arguments.stride = std::strtoull(value, nullptr, 10), ++i;
#ifdef SHEAF_PLANTED_BUGS
    } else if (word == "--planted") {
      planted::plant(value), ++i;
#endif
    } else {
      return false;
    }
  }
  return true;
}

void add(sim::Told& sum, const sim::Told& told) {
  for (std::size_t kind = 0; kind < sim::kFaultKinds; ++kind) {
    sum.faults[kind] += told.faults[kind];
  }
  sum.crashes += told.crashes;
  sum.other_faults += told.other_faults;
  sum.runs += told.runs;
  sum.tasks += told.tasks;
  sum.processes += told.processes;
  sum.events += told.events;
  sum.batches += told.batches;
  sum.frames += told.frames;
  sum.scheduler_starts += told.scheduler_starts;
  sum.virtual_seconds += told.virtual_seconds;
}

void print(const char* name, std::uint64_t value) {
  std::printf("total %s: %llu\n", name, static_cast<unsigned long long>(value));
}

void print(const sim::Told& sum, std::uint64_t seeds, std::uint64_t failures) {
  print("seeds", seeds);
  print("failures", failures);
  print("runs", sum.runs);
  print("tasks", sum.tasks);
  print("processes", sum.processes);
  print("events", sum.events);
  print("commits", sum.batches);
  print("frames", sum.frames);
  print("scheduler starts", sum.scheduler_starts);
  print("virtual seconds", sum.virtual_seconds);
  print("crashes", sum.crashes);
  print("other faults", sum.other_faults);
  for (std::size_t kind = 0; kind < sim::kFaultKinds; ++kind) {
    const std::string name(sim::to_string(static_cast<sim::Fault>(kind)));
    print(("fault " + name).c_str(), sum.faults[kind]);
  }
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(
        "usage: simulate [--first S] [--seeds N] [--stride D] [--stop] [--hashes] [--trace] "
        "[--planted "
        "NAME]\n",
        stderr);
    return 64;
  }
  telemetry::start_log("simulate", telemetry::Level::kError);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::signal(SIGABRT, tell_seed);
  std::signal(SIGTERM, tell_seed);
  std::signal(SIGSEGV, tell_seed);
  const std::string base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  const std::string folder = base + "/sheaf-sim-" + std::to_string(::getpid());
  sim::Told sum;
  std::uint64_t failures = 0;
  std::uint64_t played = 0;
  for (; played < arguments.seeds; ++played) {
    const std::uint64_t seed = arguments.first + played * arguments.stride;
    current_seed = seed;
    const sim::Told told = sim::tell(seed, folder);
    add(sum, told);
    if (arguments.prints_hashes) {
      std::printf("hash %llu: %016llx\n",
                  static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(told.hash));
    }
    if (!told.violation.empty()) {
      ++failures;
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), told.violation.c_str());
      std::fflush(stdout);
      if (arguments.stops_at_failure) {
        ++played;
        break;
      }
    }
  }
  print(sum, played, failures);
  return failures == 0 ? 0 : 1;
}
