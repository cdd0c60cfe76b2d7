// The threads of the HTTP side: sockets, handlers and timers run on them; streamed bodies are
// written and read on a few more, so that large uploads, which wait for the disk, hold up nobody
// but each other.
//
// Order of life: everything that was ever given a Respond or posts here (engine, files, feeds) must
// be gone or stopped before the pool is destroyed; main() therefore makes it first. Threads: any.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sheaf::http {

class Pool {
 public:
  /// For streamed bodies; more of them at a time take turns, a piece each.
  static constexpr unsigned kFileThreads = 2;

  /// Starts `threads` threads. `on_trouble` is told, in words for the log, of work that ended with
  /// an exception; the other work goes on.
  explicit Pool(unsigned threads = 2, std::function<void(const std::string&)> on_trouble = {});
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Runs `work` on a thread of the pool; never, when the pool has stopped.
  void post(std::function<void()> work);

  /// Runs `work` once `delay` is over.
  void after(std::chrono::milliseconds delay, std::function<void()> work);

  /// Runs nothing more and joins the threads. Idempotent; not from a thread of the pool.
  void stop();

  /// The Asio side of it; defined in asio_pool.h.
  struct Context;
  [[nodiscard]] Context& context() { return *context_; }

 private:
  std::unique_ptr<Context> context_;
};

}  // namespace sheaf::http
