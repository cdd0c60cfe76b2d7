// The threads on which attempts are prepared, so that a slow download or build delays no heartbeat.
// Threads: submit(), cancel() and stop() by the session's; reports arrive through its mailbox.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "common/model/attempt.h"
#include "common/transport/mailbox.h"
#include "worker/environments/preparer.h"

namespace sheaf::session {

struct PreparedReport {
  AttemptId attempt;
  Result<environments::PreparedAttempt> prepared;
};

class Preparing {
 public:
  struct Job {
    model::AttemptSpec spec;
    std::string token;
    std::string http_base_url;
  };

  /// `preparer` and `reports` must outlive this.
  Preparing(environments::Preparer& preparer,
            transport::Mailbox<PreparedReport>& reports,
            std::size_t thread_count);
  ~Preparing();
  Preparing(const Preparing&) = delete;
  Preparing& operator=(const Preparing&) = delete;

  void submit(Job job);
  /// Makes a waiting or running preparation end early; its report may still come.
  void cancel(AttemptId attempt);

 private:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  struct Queued {
    Job job;
    Flag is_cancelled;
  };

  void run();

  environments::Preparer& preparer_;
  transport::Mailbox<PreparedReport>& reports_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Queued> queue_;
  std::map<AttemptId, Flag> flags_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sheaf::session
