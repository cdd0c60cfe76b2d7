#include "worker/logs/log_shipper.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <thread>
#include <variant>

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/failpoint.h"
#include "common/base/limits.h"
#include "common/os/clocks.h"
#include "common/os/file.h"
#include "common/telemetry/log.h"
#include "common/transport/mailbox.h"
#include "common/transport/poller.h"
#include "common/wire/frame.h"
#include "worker/logs/tails.h"

namespace sheaf::logs {
namespace {

constexpr std::size_t kMaxOrders = 100'000;
/// Silence after which the connection is opened anew, in times of resend_after.
constexpr int kResendsUnheard = 3;
constexpr Milliseconds kIdleWait{60'000};
/// Between two looks at logs that tell nobody when they grow.
constexpr Milliseconds kUnwatchedWait{1'000};

struct Add {
  AttemptId attempt;
  std::filesystem::path folder;
};
struct Finish {
  AttemptId attempt;
  std::filesystem::path folder;
};
struct Remove {
  AttemptId attempt;
};
struct BeginEpoch {
  std::uint64_t epoch = 0;
};
using Order = std::variant<Add, Finish, Remove, BeginEpoch>;

}  // namespace

class LogShipper::Loop {
 public:
  Loop(ShipperSettings settings,
       std::shared_ptr<transport::Wakeup> wakeup,
       transport::Dealer dealer,
       os::FileDescriptor inotify)
      : settings_(std::move(settings)),
        wakeup_(std::move(wakeup)),
        orders_(wakeup_, kMaxOrders),
        dealer_(std::move(dealer)),
        inotify_(std::move(inotify)),
        poller_(wakeup_) {
    poller_.add(dealer_);
    poller_.add(inotify_.get());
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    is_stopping_.store(true);
    wakeup_->set();
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void push(Order order) {
    if (!orders_.push(std::move(order))) {
      telemetry::log(telemetry::Level::kError, "too many log orders wait");
    }
  }

 private:
  void run();
  void obey(const Add& order);
  void obey(const Finish& order);
  void obey(const Remove& order);
  void obey(const BeginEpoch& order);
  void watch_unwatched();
  void drain_inotify() const;
  void receive();
  void take_ack(const wire::LogAck& ack);
  void ship();
  void ship_tail(AttemptId attempt, Shipped& shipped, wire::LogStream stream);
  void say(const wire::Log& message);
  void report_shipped();
  void reopen_if_unheard();
  [[nodiscard]] bool has_unacknowledged() const;
  [[nodiscard]] Milliseconds wait_time() const;

  ShipperSettings settings_;
  std::shared_ptr<transport::Wakeup> wakeup_;
  transport::Mailbox<Order> orders_;
  transport::Dealer dealer_;
  os::FileDescriptor inotify_;
  transport::Poller poller_;
  std::map<AttemptId, Shipped> attempts_;
  wire::FrameHeader header_;
  bool has_told_unwatched_ = false;
  Milliseconds last_heard_{0};  ///< Or nothing was to be heard.
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

void LogShipper::Loop::run() {
  while (!is_stopping_.load()) {
    receive();
    reopen_if_unheard();
    for (const Order& order : orders_.take()) {
      std::visit([this](const auto& known) { obey(known); }, order);
    }
    watch_unwatched();
    drain_inotify();
    ship();
    report_shipped();
    poller_.wait(wait_time());
  }
}

void LogShipper::Loop::obey(const Add& order) {
  Shipped& shipped = attempts_[order.attempt];
  for (std::size_t i = 0; i < kFileNames.size(); ++i) {
    shipped.tails[i].path = order.folder / kFileNames.at(i);
  }
  shipped.folder = order.folder;
}

void LogShipper::Loop::watch_unwatched() {
  for (auto& [attempt, shipped] : attempts_) {
    if (!shipped.is_unwatched()) {
      continue;
    }
    shipped.watch =
        ::inotify_add_watch(inotify_.get(), shipped.folder.c_str(), IN_MODIFY | IN_CREATE);
    if (shipped.watch < 0 && !std::exchange(has_told_unwatched_, true)) {
      telemetry::log(
          telemetry::Level::kWarning,
          os::error_of_errno(errno, "inotify_add_watch " + shipped.folder.string()).message +
              "; logs are looked at every second instead");
    }
  }
}

void LogShipper::Loop::obey(const Finish& order) {
  obey(Add{.attempt = order.attempt, .folder = order.folder});
  attempts_[order.attempt].is_finished = true;
}

void LogShipper::Loop::obey(const Remove& order) {
  const auto found = attempts_.find(order.attempt);
  if (found == attempts_.end()) {
    return;
  }
  if (found->second.watch >= 0) {
    ::inotify_rm_watch(inotify_.get(), found->second.watch);
  }
  attempts_.erase(found);
}

void LogShipper::Loop::obey(const BeginEpoch& order) {
  if (order.epoch <= settings_.epoch) {
    return;
  }
  settings_.epoch = order.epoch;
  for (auto& [attempt, shipped] : attempts_) {
    shipped.is_reported = false;
    for (Tail& tail : shipped.tails) {
      tail.is_shipped = false;
      tail.is_final_said = false;
    }
  }
}

void LogShipper::Loop::drain_inotify() const {
  std::array<char, 16'384> events{};
  while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    // Which file grew does not matter: every open tail is looked at.
  }
}

void LogShipper::Loop::receive() {
  while (const auto bytes = dealer_.receive()) {
    const auto frame = wire::decode_log_ack_frame(*bytes);
    if (!frame || frame->header.epoch < settings_.epoch) {
      continue;
    }
    last_heard_ = os::boot_time();
    for (const wire::LogAck& ack : frame->messages) {
      failpoint::reach("logs.before_ack");
      take_ack(ack);
    }
  }
}

void LogShipper::Loop::take_ack(const wire::LogAck& ack) {
  const auto found = attempts_.find(ack.attempt);
  if (found == attempts_.end()) {
    return;
  }
  Tail& tail = found->second.tails[static_cast<std::size_t>(ack.stream)];
  if (ack.is_unknown) {
    tail.is_shipped = true;  // Nobody wants it, in this epoch.
    return;
  }
  tail.acknowledged = ack.offset;
  tail.sent = std::max(tail.sent, ack.offset);
  tail.credit = std::max<std::uint64_t>(ack.credit, 1);
  if (tail.is_final_said && tail.acknowledged >= tail.length()) {
    tail.is_shipped = true;
  }
}

void LogShipper::Loop::ship() {
  for (auto& [attempt, shipped] : attempts_) {
    for (std::size_t i = 0; i < kFileNames.size(); ++i) {
      ship_tail(attempt, shipped, static_cast<wire::LogStream>(i));
    }
  }
}

void LogShipper::Loop::ship_tail(AttemptId attempt, Shipped& shipped, wire::LogStream stream) {
  Tail& tail = shipped.tails[static_cast<std::size_t>(stream)];
  if (tail.is_shipped) {
    return;
  }
  if (!tail.file.is_open()) {
    if (auto opened = os::open_regular_file(tail.path)) {
      tail.file = std::move(*opened);
    }
  }
  const Milliseconds now = os::boot_time();
  const bool is_stale =
      tail.last_sent.count() > 0 && now - tail.last_sent >= settings_.resend_after;
  if (is_stale && (tail.sent > tail.acknowledged || tail.is_final_said)) {
    tail.sent = tail.acknowledged;
    tail.is_final_said = false;
  }
  const std::uint64_t length = tail.length();
  while (tail.sent < length && tail.sent - tail.acknowledged < tail.credit) {
    failpoint::reach("logs.before_read");
    const std::uint64_t room = tail.credit - (tail.sent - tail.acknowledged);
    const auto limit =
        std::min<std::uint64_t>({room, length - tail.sent, limits::kMaxLogChunkBytes});
    auto bytes = os::read_at(tail.file.get(), tail.sent, limit, tail.path);
    if (!bytes || bytes->empty()) {
      return;
    }
    const std::uint64_t offset = tail.sent;
    tail.sent += bytes->size();
    tail.last_sent = now;
    say({.attempt = attempt, .stream = stream, .offset = offset, .bytes = std::move(*bytes)});
  }
  if (length < tail.acknowledged && !std::exchange(tail.is_shrinking_told, true)) {
    telemetry::log(telemetry::Level::kWarning,
                   tail.path.string() + " was made shorter: its log keeps what was shipped before");
  }
  if (shipped.is_finished && tail.sent >= length && !tail.is_final_said) {
    const std::uint64_t final_length = std::max(length, tail.acknowledged);
    tail.is_final_said = true;
    tail.last_sent = now;
    say({.attempt = attempt,
         .stream = stream,
         .offset = final_length,
         .final_length = final_length});
  }
}

void LogShipper::Loop::say(const wire::Log& message) {
  const auto encoded = wire::encode_message(message);
  if (!encoded) {
    telemetry::log(telemetry::Level::kError, "a log cannot be sent: " + encoded.error().message);
    return;
  }
  failpoint::reach("logs.before_send");
  for (const std::string& frame : wire::make_frames(wire::FrameKind::kLog, header_, {*encoded})) {
    // Unsent is as good as lost: it is repeated when no acknowledgement comes.
    static_cast<void>(dealer_.send(frame));
  }
}

void LogShipper::Loop::report_shipped() {
  for (auto& [attempt, shipped] : attempts_) {
    const bool is_done =
        shipped.is_finished &&
        std::ranges::all_of(shipped.tails, [](const Tail& tail) { return tail.is_shipped; });
    if (is_done && !std::exchange(shipped.is_reported, true)) {
      settings_.on_shipped(attempt);
    }
  }
}

void LogShipper::Loop::reopen_if_unheard() {
  const Milliseconds now = os::boot_time();
  if (!has_unacknowledged()) {
    last_heard_ = now;
    return;
  }
  if (now - last_heard_ >= kResendsUnheard * settings_.resend_after) {
    // A connection whose key was refused once never comes back by itself.
    static_cast<void>(dealer_.reopen());
    last_heard_ = now;
  }
}

Milliseconds LogShipper::Loop::wait_time() const {
  const bool is_any_unwatched =
      std::ranges::any_of(attempts_, [](const auto& entry) { return entry.second.is_unwatched(); });
  const Milliseconds longest = is_any_unwatched ? kUnwatchedWait : kIdleWait;
  return has_unacknowledged() ? std::min(settings_.resend_after, longest) : longest;
}

bool LogShipper::Loop::has_unacknowledged() const {
  return std::ranges::any_of(attempts_, [](const auto& entry) {
    return std::ranges::any_of(entry.second.tails, [&entry](const Tail& tail) {
      return tail.sent > tail.acknowledged || (entry.second.is_finished && !tail.is_shipped);
    });
  });
}

LogShipper::LogShipper(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

LogShipper::~LogShipper() = default;

Result<std::unique_ptr<LogShipper>> LogShipper::start(ShipperSettings settings) {
  auto wakeup = transport::Wakeup::create();
  if (!wakeup) {
    return fail(wakeup.error());
  }
  auto dealer = transport::Dealer::connect(settings.connection);
  if (!dealer) {
    return fail(dealer.error());
  }
  os::FileDescriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify.is_open()) {
    return fail(os::error_of_errno(errno, "inotify_init1"));
  }
  auto loop = std::make_unique<Loop>(
      std::move(settings), std::move(*wakeup), std::move(*dealer), std::move(inotify));
  return std::unique_ptr<LogShipper>(new LogShipper(std::move(loop)));
}

void LogShipper::add(AttemptId attempt, const std::filesystem::path& folder) {
  loop_->push(Add{.attempt = attempt, .folder = folder});
}

void LogShipper::finish(AttemptId attempt, const std::filesystem::path& folder) {
  loop_->push(Finish{.attempt = attempt, .folder = folder});
}

void LogShipper::begin_epoch(std::uint64_t epoch) {
  loop_->push(BeginEpoch{.epoch = epoch});
}

void LogShipper::remove(AttemptId attempt) {
  loop_->push(Remove{.attempt = attempt});
}

}  // namespace sheaf::logs
