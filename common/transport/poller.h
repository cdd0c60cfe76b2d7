// Waiting for sockets, and for other threads. A ZeroMQ socket belongs to one thread; others hand
// work to that thread through a Mailbox and wake it.
#pragma once

#include <memory>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::transport {

class Socket;

/// An event that any thread may set and one Poller waits for.
class Wakeup {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Wakeup>> create();
  explicit Wakeup(int descriptor) : descriptor_(descriptor) {}
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// Any thread; never blocks.
  void set() const noexcept;
  void clear() const noexcept;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Threads: wait() and add() belong to the thread that owns the sockets.
class Poller {
 public:
  explicit Poller(std::shared_ptr<Wakeup> wakeup);

  /// `socket` must outlive the poller's use, or be removed first.
  void add(Socket& socket);
  void remove(const Socket& socket);
  /// Waits for a file descriptor to become readable, too.
  void add(int descriptor);
  void remove(int descriptor);

  /// Returns when something can be read, the wakeup was set (it is cleared), a signal came, or
  /// `timeout` is over: the caller tries all of its sources, none of which blocks.
  void wait(Milliseconds timeout);

 private:
  std::shared_ptr<Wakeup> wakeup_;
  std::vector<Socket*> sockets_;
  std::vector<int> descriptors_;
};

}  // namespace sheaf::transport
