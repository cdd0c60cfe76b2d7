// Random streams under random reports and faults. The oracle: an iteration has succeeded exactly if
// a process said so while the lease was its own; none comes again after that, and none is with two
// processes at once.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/property/history.h"
#include "tests/property/random_job.h"

namespace sheaf::property {
namespace {

using core::StartAttempt;
using core::TaskState;
using model::AttemptEnd;

struct Process {
  StartAttempt order;
  bool is_started = false;
  std::set<std::uint32_t> said;  ///< Indices that it has spoken of.
};

class StreamStory {
 public:
  explicit StreamStory(std::uint64_t seed) : dice_(seed) {
    for (std::size_t i = 0; i < 1 + dice_.below(3); ++i) {
      machines_["w" + std::to_string(i)] = static_cast<std::uint32_t>(1 + dice_.below(3));
      boots_["w" + std::to_string(i)] = "boot";
    }
    for (const auto& [name, slots] : machines_) {
      join(name);
    }
    count_ = 1 + dice_.below(40);
    std::string inputs = "[0";
    for (std::size_t i = 1; i < count_; ++i) {
      inputs += "," + std::to_string(i);
    }
    auto inner = tests::a_task("each").argument("x");
    inner.retries(static_cast<int>(dice_.below(3)));
    inner.retry_interval(std::chrono::seconds(dice_.below(2) * 30));
    inner.max_lost(static_cast<int>(dice_.below(3)));
    inner.timeout(std::chrono::seconds(dice_.below(2) * 100));
    auto loop =
        tests::a_task("loop").for_each(inputs + "]", inner, static_cast<int>(1 + dice_.below(4)));
    loop.stream(static_cast<int>(1 + dice_.below(15)));
    run_ = world_.submit(world_.deploy(tests::a_job("j").task(loop)));
  }

  [[nodiscard]] bool is_over() const { return is_terminal(world_.run(run_).state); }

  void step(bool with_faults) {
    deliver(with_faults);
    const std::size_t thrown = dice_.below(100);
    if (with_faults && thrown < 12) {
      fail();
    } else if (thrown < 20) {
      world_.pass(std::chrono::seconds(dice_.below(60)));
    } else if (!held_.empty()) {
      work(std::next(held_.begin(), static_cast<std::ptrdiff_t>(dice_.below(held_.size())))->first);
    } else {
      world_.pass(std::chrono::minutes(1));
      for (const auto& [name, slots] : machines_) {
        join(name);
      }
    }
    deliver(with_faults);
    history_.follow(world_);
    check_successes();
  }

  void check_memory() {
    expect_same_memory(world_.state, fold(world_.events));
    expect_same_memory(world_.state, core::restore(world_.stored_state()));
  }

 private:
  void join(const std::string& name, const std::string& boot = "") {
    if (!boot.empty()) {
      boots_[name] = boot;
    }
    std::vector<core::HeldAttempt> held;
    const auto known = world_.state.workers_by_name.find(name);
    for (const auto& [attempt, process] : held_) {
      if (known != world_.state.workers_by_name.end() && process.order.worker == known->second) {
        held.push_back({.attempt = attempt, .fence = process.order.spec.fence});
      }
    }
    const auto reply = world_.register_worker(name, machines_.at(name), boots_[name], held);
    for (const AttemptId attempt : reply.kill) {
      let_go(attempt);
    }
  }

  /// The process is nobody's; it may still speak.
  void let_go(AttemptId attempt) {
    ghosts_.push_back(held_.at(attempt));
    held_.erase(attempt);
  }

  void deliver(bool with_faults) {
    for (const StartAttempt& order : world_.take_starts()) {
      check_start(order);
      if (held_.contains(order.spec.attempt) || (with_faults && dice_.chance(5))) {
        continue;  // Lost on the way, unless it came before.
      }
      if (with_faults && dice_.chance(5)) {
        world_.turn(core::ReportRejected{.worker = order.worker,
                                         .attempt = order.spec.attempt,
                                         .fence = order.spec.fence,
                                         .reason = "no"});
        continue;
      }
      held_[order.spec.attempt] = {.order = order};
    }
    for (const core::StopAttempt& stop : world_.take_stops()) {
      const bool is_held = held_.contains(stop.attempt);
      end({.worker = stop.worker, .spec = {.attempt = stop.attempt, .fence = stop.fence}},
          {.end = AttemptEnd::kCancelled, .started = is_held ? world_.now : kNoTime});
    }
  }

  void check_start(const StartAttempt& order) {
    for (const model::StreamInput& input : order.spec.stream) {
      EXPECT_FALSE(succeeded_.contains(input.index)) << "input " << input.index << " comes again";
      for (const auto& [attempt, other] : held_) {
        const bool is_live = attempt != order.spec.attempt && is_current(other);
        const bool has_it =
            std::ranges::find(other.order.spec.stream, input.index, &model::StreamInput::index) !=
            other.order.spec.stream.end();
        EXPECT_FALSE(is_live && has_it && !other.said.contains(input.index))
            << "input " << input.index << " is with two processes";
      }
    }
  }

  [[nodiscard]] bool is_current(const Process& process) const {
    const auto found = world_.state.attempts.find(process.order.spec.attempt);
    return found != world_.state.attempts.end() &&
           world_.state.find_run(run_)->tasks.fence[found->second.task] == process.order.spec.fence;
  }

  void work(AttemptId attempt) {
    Process& process = held_.at(attempt);
    if (!process.is_started) {
      process.is_started = true;
      if (!dice_.chance(10)) {
        world_.turn(core::ReportStarted{.worker = process.order.worker,
                                        .attempt = attempt,
                                        .fence = process.order.spec.fence,
                                        .started = world_.now});
      }
    } else if (dice_.chance(75)) {
      speak(process);
    } else {
      end(process.order, random_end());
    }
  }

  void speak(Process& process) {
    core::ReportOutcomes report{.worker = process.order.worker,
                                .attempt = process.order.spec.attempt,
                                .fence = process.order.spec.fence,
                                .is_ready = dice_.chance(50)};
    const bool is_heard = is_current(process);
    for (std::size_t i = 0; i < dice_.below(6); ++i) {
      const std::uint32_t index = dice_.pick(process.order.spec.stream).index;
      const bool is_success = dice_.chance(70);
      report.entries.push_back({.index = index, .is_success = is_success, .error = "bad"});
      if (process.said.insert(index).second && is_heard && is_success) {
        succeeded_.insert(index);
      }
    }
    EXPECT_TRUE(world_.turn(report).has_value());
  }

  model::AttemptOutcome random_end() {
    const std::vector<model::AttemptOutcome> ends = {
        {.end = AttemptEnd::kExited, .exit_code = 0},
        {.end = AttemptEnd::kExited, .exit_code = 0},
        {.end = AttemptEnd::kExited, .exit_code = 1},
        {.end = AttemptEnd::kSignalled, .signal = 9},
        {.end = AttemptEnd::kTimedOut},
        {.end = AttemptEnd::kLost},
    };
    model::AttemptOutcome outcome = dice_.pick(ends);
    outcome.started = world_.now;
    return outcome;
  }

  void end(const StartAttempt& order, model::AttemptOutcome outcome) {
    outcome.tree_empty = true;
    const core::ReportResult report{.worker = order.worker,
                                    .attempt = order.spec.attempt,
                                    .fence = order.spec.fence,
                                    .outcome = std::move(outcome)};
    held_.erase(report.attempt);  // `order` may go with it.
    world_.turn(report);
  }

  void fail() {
    const std::string name =
        std::next(machines_.begin(), static_cast<std::ptrdiff_t>(dice_.below(machines_.size())))
            ->first;
    const WorkerId worker = world_.state.workers_by_name.at(name);
    switch (dice_.below(5)) {
      case 0:
        drop_all(worker);
        join(name, "boot-" + std::to_string(++boot_));
        return;
      case 1:
        world_.turn(core::ReportSilence{.worker = worker,
                                        .verdict = core::ReportSilence::Verdict::kLeaseOver});
        drop_all(worker);
        join(name);
        return;
      case 2:
        world_.restart();
        for (const auto& [each, slots] : machines_) {
          join(each);
        }
        return;
      case 3:
        if (!ghosts_.empty()) {
          speak(ghosts_[dice_.below(ghosts_.size())]);
        }
        return;
      default:
        if (dice_.chance(5)) {
          static_cast<void>(world_.turn(core::CancelRun{.run = run_}));
        }
        return;
    }
  }

  void drop_all(WorkerId worker) {
    std::vector<AttemptId> gone;
    for (const auto& [attempt, process] : held_) {
      if (process.order.worker == worker) {
        gone.push_back(attempt);
      }
    }
    std::ranges::for_each(gone, [this](AttemptId attempt) { let_go(attempt); });
  }

  void check_successes() {
    const auto states = world_.iterations_of(run_, "loop");
    for (std::uint32_t index = 0; index < states.size(); ++index) {
      // The first iteration of a process ends with it.
      const bool is_success = states[index] == TaskState::kSucceeded;
      EXPECT_TRUE(!is_success || succeeded_.contains(index)) << "nobody said so of " << index;
      EXPECT_TRUE(is_success || !is_over() || !succeeded_.contains(index)) << index << " is lost";
    }
  }

  Dice dice_;
  tests::CoreWorld world_;
  History history_;
  std::map<std::string, std::uint32_t> machines_;
  std::map<std::string, std::string> boots_;
  int boot_ = 0;
  std::size_t count_ = 0;
  RunId run_;
  std::map<AttemptId, Process> held_;
  std::vector<Process> ghosts_;
  std::set<std::uint32_t> succeeded_;
};

TEST(StreamProperties, EveryInputHasTheOutcomeThatItsProcessTold) {
  for (const std::uint64_t seed : seeds(200)) {
    SCOPED_TRACE("SHEAF_SEED=" + std::to_string(seed));
    StreamStory story(seed);
    for (int step = 0; step < 100 && !story.is_over(); ++step) {
      story.step(true);
      if (step % 10 == 0) {
        story.check_memory();
      }
      ASSERT_FALSE(testing::Test::HasFailure()) << "at step " << step;
    }
    for (int step = 0; step < 5'000 && !story.is_over(); ++step) {
      story.step(false);
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    ASSERT_TRUE(story.is_over()) << "it never ends";
  }
}

}  // namespace
}  // namespace sheaf::property
