#include "worker/session/preparing.h"

#include "common/base/check.h"

namespace sheaf::session {

Preparing::Preparing(environments::Preparer& preparer,
                     transport::Mailbox<PreparedReport>& reports,
                     std::size_t thread_count)
    : preparer_(preparer), reports_(reports) {
  for (std::size_t i = 0; i < thread_count; ++i) {
    threads_.emplace_back([this] { run(); });
  }
}

Preparing::~Preparing() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (const auto& [attempt, flag] : flags_) {
      flag->store(true);
    }
    arrived_.notify_all();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Preparing::submit(Job job) {
  const std::lock_guard lock(mutex_);
  auto flag = std::make_shared<std::atomic<bool>>(false);
  flags_[job.spec.attempt] = flag;
  queue_.push_back({.job = std::move(job), .is_cancelled = std::move(flag)});
  arrived_.notify_one();
}

void Preparing::cancel(AttemptId attempt) {
  const std::lock_guard lock(mutex_);
  if (const auto found = flags_.find(attempt); found != flags_.end()) {
    found->second->store(true);
  }
}

void Preparing::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (is_stopping_) {
      return;
    }
    const Queued next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const AttemptId attempt = next.job.spec.attempt;
    auto prepared = preparer_.prepare({.spec = next.job.spec,
                                       .token = next.job.token,
                                       .http_base_url = next.job.http_base_url,
                                       .is_cancelled = *next.is_cancelled});
    // There is room for one report a slot, and no attempt beyond the slots is accepted.
    SHEAF_CHECK(reports_.push({.attempt = attempt, .prepared = std::move(prepared)}),
                "more attempts are prepared than the worker has slots");
    lock.lock();
    const auto found = flags_.find(attempt);
    if (found != flags_.end() && found->second == next.is_cancelled) {
      flags_.erase(found);
    }
  }
}

}  // namespace sheaf::session
