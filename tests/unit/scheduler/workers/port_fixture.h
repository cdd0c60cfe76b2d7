// The real engine, store, log files and port, and a worker that speaks the protocol by hand.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/base/guarded.h"
#include "common/transport/authenticator.h"
#include "common/transport/dealer.h"
#include "common/wire/frame.h"
#include "scheduler/engine/engine.h"
#include "scheduler/files/logs.h"
#include "scheduler/store/store.h"
#include "scheduler/workers/worker_port.h"

namespace sheaf::workers {

/// Asks `attempt` every few milliseconds until it gives something or 20 s are over.
template <typename Function>
auto eventually(Function attempt, Milliseconds limit = Milliseconds{20'000})
    -> decltype(attempt()) {
  transport::Poller pause(transport::Wakeup::create().value());
  const auto end = std::chrono::steady_clock::now() + limit;
  auto outcome = attempt();
  while (!outcome && std::chrono::steady_clock::now() < end) {
    pause.wait(Milliseconds{2});
    outcome = attempt();
  }
  return outcome;
}

/// What a worker's machine would say, said by hand.
class TestWorker {
 public:
  TestWorker(std::string name,
             const transport::DealerSettings& control,
             const transport::DealerSettings& log);

  void send(const wire::WorkerMessage& message);
  void send_raw(const std::string& bytes);
  [[nodiscard]] bool try_send(const std::string& bytes) { return control_.send(bytes).has_value(); }
  /// The next message of this type; others that come before are kept for later calls.
  template <typename Message>
  std::optional<Message> receive(Milliseconds limit = Milliseconds{20'000}) {
    return eventually([this] { return take<Message>(); }, limit);
  }
  /// Messages of this type that are there now.
  template <typename Message>
  std::optional<Message> take() {
    drain();
    for (auto it = received_.begin(); it != received_.end(); ++it) {
      if (auto* const found = std::get_if<Message>(&*it)) {
        Message message = std::move(*found);
        received_.erase(it);
        return message;
      }
    }
    return std::nullopt;
  }

  /// REGISTER, and what comes of it; the session counts from WELCOME on.
  [[nodiscard]] wire::Welcome join(std::vector<wire::HeldAttempt> attempts = {});
  [[nodiscard]] wire::Register registration() const;

  void send_log(const wire::Log& piece);
  [[nodiscard]] std::optional<wire::LogAck> receive_log_ack(Milliseconds limit = Milliseconds{
                                                                20'000});

  void reconnect() { EXPECT_TRUE(control_.reopen().has_value()); }

  std::string boot_id = "boot";
  std::uint32_t slots = 2;
  std::uint64_t highest_epoch = 0;
  std::uint64_t highest_fence = 0;
  wire::FrameHeader header;

 private:
  void drain();

  std::string name_;
  transport::Dealer control_;
  transport::Dealer log_;
  std::vector<wire::SchedulerMessage> received_;
};

class PortTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void start();
  void stop();

  /// A worker whose key is on the allow-list under `name`.
  [[nodiscard]] std::unique_ptr<TestWorker> a_worker(const std::string& name = "w");
  /// One that says it is `name` and has the key of `enrolled`.
  [[nodiscard]] std::unique_ptr<TestWorker> a_worker_with_key_of(const std::string& name,
                                                                 const std::string& enrolled);
  [[nodiscard]] std::unique_ptr<TestWorker> connect(const std::string& name,
                                                    const transport::KeyPair& keys) const;

  template <typename Reply>
  Reply call(core::Command command) {
    const engine::Outcome outcome = engine_->call(std::move(command));
    EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
    return outcome ? std::get<Reply>(*outcome) : Reply{};
  }

  /// A deployed job of `tasks` independent tasks.
  [[nodiscard]] JobId a_job(int tasks = 1, const std::string& argument = "x");
  [[nodiscard]] RunId submit(JobId job);
  [[nodiscard]] core::RunState run_state(RunId run) const;
  [[nodiscard]] core::TaskRow task_row(RunId run, std::size_t task = 0) const;
  [[nodiscard]] core::TaskDetails task_details(RunId run, core::TaskIndex task = 0) const;
  [[nodiscard]] std::optional<WorkerPresence::State> presence(const std::string& name) const;

  [[nodiscard]] static wire::ResultReport success(const wire::Lease& lease);

  Settings settings_;
  std::filesystem::path folder_;
  std::unique_ptr<transport::Authenticator> authenticator_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<files::LogFiles> logs_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<WorkerPort> port_;
  std::uint64_t epoch_ = 0;
};

}  // namespace sheaf::workers
