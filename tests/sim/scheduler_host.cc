#include "tests/sim/scheduler_host.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "common/base/check.h"
#include "common/os/file.h"
#include "common/transport/poller.h"
#include "scheduler/store/rocks_store.h"
#include "scheduler/store/verify.h"
#include "scheduler/workers/mail.h"
#include "tests/sim/deployed_files.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

/// The engine turns at least this often.
constexpr std::chrono::seconds kLongestWait{30};
constexpr std::size_t kMaxMarkBytes = 64u << 10;
constexpr std::size_t kWriteBufferBytes = 256u << 10;

template <typename Value>
void check_ok(const Result<Value>& result, const char* promise) {
  if (!result) {
    violate(promise, result.error().message);
  }
}

}  // namespace

/// Everything that dies with the process. Members are destroyed last to first.
struct SchedulerHost::Process {
  std::unique_ptr<rocksdb::Env> environment;
  std::unique_ptr<CrashingStore> store;
  std::unique_ptr<engine::Turn> turn;
  std::shared_ptr<transport::Wakeup> wakeup;
  std::shared_ptr<workers::Mail> mail;
  std::unique_ptr<workers::AttemptOwners> owners;
  Guarded<std::vector<workers::WorkerPresence>> presence;
  std::unique_ptr<workers::Control> control;
  std::unique_ptr<Watcher> watcher;
  std::deque<engine::Waiting> queue;
  std::optional<Milliseconds> next_turn;
  std::optional<std::size_t> points_to_live;  ///< Of the next release.
  Death release_death = Death::kProcess;
  bool is_pumping = false;
};

SchedulerHost::SchedulerHost(Parts parts) : parts_(std::move(parts)) {
  std::filesystem::remove_all(parts_.folder);
  clocks_.drift_ppm = static_cast<std::int64_t>(parts_.dice.below(400)) - 200;
  const std::array<Milliseconds, 3> intervals{
      std::chrono::seconds(5), std::chrono::seconds(20), std::chrono::seconds(60)};
  settings_.heartbeat_interval = parts_.dice.pick(intervals);
  settings_.suspect_after = 3 * settings_.heartbeat_interval;
  settings_.attempt_token = [](AttemptId attempt) { return "token-" + to_string(attempt); };
  settings_.http_base_url = "http://scheduler";
}

SchedulerHost::~SchedulerHost() {
  process_.reset();
  std::error_code error;
  std::filesystem::remove_all(parts_.folder, error);
}

void SchedulerHost::open_store() {
  process_->environment = rocksdb::NewCompositeEnv(disk_);
  auto opened = store::RocksStore::open(
      parts_.folder, {.env = process_->environment.get(), .write_buffer_bytes = kWriteBufferBytes});
  check_ok(opened, "P1");
  process_->store = std::make_unique<CrashingStore>(
      *std::move(opened), *disk_, parts_.ledger, [this] { return wall_time(); });
  mark_at_start_ = read_mark();
  parts_.ledger.reopen(process_->store->head());
}

void SchedulerHost::start() {
  ++starts_;
  trace(parts_.timeline.now(), "scheduler", "starts");
  parts_.bus.reconnect_all();
  process_ = std::make_unique<Process>();
  open_store();
  if (starts_ % 3 == 0) {
    check_store();
  }
  auto wakeup = transport::Wakeup::create();
  check_ok(wakeup, "host");
  process_->wakeup = *std::move(wakeup);
  process_->mail = std::make_shared<workers::Mail>(process_->wakeup);
  process_->watcher = std::make_unique<Watcher>(
      [this](core::Command command, engine::OnOutcome on_outcome) {
        post(std::move(command), std::move(on_outcome));
      },
      [this] { return wall_time(); });
  process_->turn = std::make_unique<engine::Turn>(
      *process_->store, outlets(), [this] { return wall_time(); }, deployed_files::read);
  const std::uint64_t fence = process_->store->head().batch;
  const auto epoch = process_->turn->begin();
  check_ok(epoch, "P1");
  check_same_memory(parts_.ledger.folded(), process_->turn->state());
  process_->control = make_control(*epoch, fence);
  keep_time();
  schedule_turn(Milliseconds{1});
}

std::unique_ptr<workers::Control> SchedulerHost::make_control(std::uint64_t epoch,
                                                              std::uint64_t fence) {
  auto known = process_->store->read()->workers();
  check_ok(known, "P1");
  process_->owners = std::make_unique<workers::AttemptOwners>(*process_->store);
  return std::make_unique<workers::Control>(
      workers::Control::Parts{
          .settings = settings_,
          .owners = *process_->owners,
          .presence = process_->presence,
          .mail = process_->mail,
          .post = [this](core::Command command,
                         engine::OnOutcome done) { post(std::move(command), std::move(done)); },
          .send =
              [this](const std::string& connection, std::string_view frame) {
                parts_.bus.send_to_worker(connection, std::string(frame));
                return Result<void>{};
              },
          .boot_time = [this] { return clocks_.boot_time(parts_.timeline.now()); },
          .wall_time = [this] { return wall_time(); }},
      workers::Control::Beginning{.epoch = epoch, .fence = fence, .workers = *std::move(known)});
}

engine::Outlets SchedulerHost::outlets() {
  // Control sends at once, as its own thread would.
  return {.start_attempt =
              [this](const core::StartAttempt& order) {
                pass_release_point();
                process_->mail->order(order);
                pump();
              },
          .stop_attempt =
              [this](const core::StopAttempt& order) {
                pass_release_point();
                process_->mail->order(order);
                pump();
              },
          .send_alert = nullptr,
          .watch_schedule =
              [this](const core::WatchSchedule& order) {
                pass_release_point();
                process_->watcher->watch(order);
              },
          .unwatch_schedule =
              [this](const core::UnwatchSchedule& order) { process_->watcher->unwatch(order); },
          .runs_changed = nullptr,
          .turned = nullptr,
          .fatal = [](const Error& error) { violate("store", error.message); }};
}

void SchedulerHost::post(core::Command command, engine::OnOutcome on_outcome) {
  if (!process_) {
    on_outcome(fail(ErrorCode::kUnavailable, "nobody is there"));
    return;
  }
  if (const auto* silence = std::get_if<core::ReportSilence>(&command)) {
    check_silence(*silence);
  }
  auto then_pump = [this, told = std::move(on_outcome)](const engine::Outcome& outcome) {
    pass_release_point();
    told(outcome);
    pump();
  };
  process_->queue.push_back({.command = std::move(command), .on_outcome = std::move(then_pump)});
  Milliseconds pause{1};
  if (parts_.faults.strikes(Fault::kSlowDisk)) {
    pause = parts_.dice.between(Milliseconds{100}, std::chrono::seconds(20));
  }
  schedule_turn(pause);
}

void SchedulerHost::receive(const std::string& worker, std::string frame) {
  if (process_ && process_->control) {
    last_heard_[worker] = parts_.timeline.now();
    process_->control->receive({.connection = parts_.bus.connection_of(worker),
                                .user = worker,
                                .bytes = std::move(frame)});
    pump();
  }
}

void SchedulerHost::check_silence(const core::ReportSilence& report) const {
  const auto worker = process_->turn->state().workers.find(report.worker);
  if (report.verdict != core::ReportSilence::Verdict::kLeaseOver ||
      worker == process_->turn->state().workers.end()) {
    return;
  }
  const auto heard = last_heard_.find(worker->second.record.name);
  if (heard != last_heard_.end() && parts_.timeline.now() - heard->second < settings_.lease) {
    violate("lease", "worker " + worker->second.record.name + " was heard within its lease");
  }
}

void SchedulerHost::pump() {
  if (process_ && process_->control && !std::exchange(process_->is_pumping, true)) {
    process_->control->take_letters();
    process_->control->flush();
    process_->is_pumping = false;
  }
}

void SchedulerHost::schedule_turn(Milliseconds pause) {
  const Milliseconds when = parts_.timeline.now() + pause;
  if (process_->next_turn && *process_->next_turn <= when) {
    return;
  }
  process_->next_turn = when;
  parts_.timeline.at(when, [this, when, start = starts_] {
    if (process_ && start == starts_ && process_->next_turn == when) {
      turn();
    }
  });
}

void SchedulerHost::turn() {
  process_->next_turn.reset();
  process_->watcher->look();
  process_->next_turn.reset();
  try {
    process_->turn->take(std::exchange(process_->queue, {}));
    process_->points_to_live.reset();
  } catch (const SchedulerDied&) {
    bury();
    start_after_a_while();
    return;
  }
  if (!process_->queue.empty() || process_->turn->is_due()) {
    schedule_turn(Milliseconds{1});
  }
  wake_up_at_deadline();
}

void SchedulerHost::wake_up_at_deadline() {
  Milliseconds pause = kLongestWait;
  if (const auto deadline = core::next_deadline(process_->turn->state())) {
    pause = std::clamp(
        std::chrono::duration_cast<Milliseconds>(*deadline - wall_time()), Milliseconds{1}, pause);
  }
  schedule_turn(pause);
}

void SchedulerHost::keep_time() {
  process_->control->keep_time();
  pump();
  const Milliseconds tick = settings_.suspect_after / 3;
  parts_.timeline.after(tick, [this, start = starts_] {
    if (process_ && start == starts_) {
      keep_time();
    }
  });
}

void SchedulerHost::pass_release_point() {
  if (!process_->points_to_live) {
    return;
  }
  if (*process_->points_to_live == 0) {
    take_image(process_->release_death);
    throw SchedulerDied{};
  }
  --*process_->points_to_live;
}

void SchedulerHost::take_image(Death death) {
  image_ =
      death == Death::kPower ? disk_->after_power_loss(parts_.dice) : disk_->after_process_death();
  // The mark is written after each commit and synced now and then.
  const bool keeps_mark = death == Death::kProcess || parts_.dice.chance(50);
  image_mark_ = keeps_mark ? read_mark() : mark_at_start_;
}

std::string SchedulerHost::read_mark() const {
  const auto mark = os::read_file(parts_.folder / "high-water", kMaxMarkBytes);
  return mark ? *mark : std::string();
}

void SchedulerHost::bury() {
  trace(parts_.timeline.now(), "scheduler", "dies");
  SHEAF_CHECK(image_ != nullptr, "a dying process leaves an image of its disk");
  process_.reset();  // It may still write to the old disk, which is gone.
  disk_ = std::exchange(image_, nullptr);
  std::ofstream(parts_.folder / "high-water", std::ios::binary) << image_mark_;
}

void SchedulerHost::die(Death death) {
  if (process_) {
    take_image(death);
    bury();
    start_after_a_while();
  }
}

void SchedulerHost::die_in_commit(Death death) {
  if (process_) {
    const std::array<CommitDeath, 3> places{
        CommitDeath::kBefore, CommitDeath::kInTheLog, CommitDeath::kAfter};
    process_->store->die_in_next_commit(
        parts_.dice.pick(places), 1 + parts_.dice.below(3), [this, death] { take_image(death); });
  }
}

void SchedulerHost::die_in_release(Death death) {
  if (process_) {
    process_->points_to_live = parts_.dice.below(4);
    process_->release_death = death;
  }
}

void SchedulerHost::start_after_a_while() {
  const Milliseconds pause =
      parts_.faults.is_over() || parts_.dice.chance(70)
          ? parts_.dice.between(Milliseconds{500}, std::chrono::seconds(5))
          : parts_.dice.between(std::chrono::seconds(5), std::chrono::minutes(10));
  parts_.timeline.after(pause, [this] {
    if (!process_) {
      start();
    }
  });
}

void SchedulerHost::restart() {
  if (process_) {
    check_memory();
    die(Death::kProcess);
  }
}

void SchedulerHost::jump_clock(Milliseconds by) {
  clocks_.wall_offset += by;
  if (process_) {
    schedule_turn(Milliseconds{1});
  }
}

void SchedulerHost::check_memory() const {
  auto stored = process_->store->recover();
  check_ok(stored, "rows");
  const core::State restored = core::restore(*std::move(stored));
  check_same_memory(restored, process_->turn->state());
  check_same_memory(parts_.ledger.folded(), process_->turn->state());
  core::check_invariants(process_->turn->state());
}

void SchedulerHost::check_store() const {
  const auto report = store::verify(*process_->store);
  check_ok(report, "verify");
  if (!report->faults.empty()) {
    violate("verify", report->faults.front());
  }
}

const store::Store& SchedulerHost::store() const {
  return *process_->store;
}

}  // namespace sheaf::sim
