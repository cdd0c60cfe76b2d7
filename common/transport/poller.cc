#include "common/transport/poller.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.hpp>

#include "common/base/check.h"
#include "common/transport/socket.h"

namespace sheaf::transport {

Result<std::shared_ptr<Wakeup>> Wakeup::create() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) {
    return fail(ErrorCode::kExhausted, "eventfd: " + std::generic_category().message(errno));
  }
  return std::make_shared<Wakeup>(descriptor);
}

Wakeup::~Wakeup() {
  ::close(descriptor_);
}

void Wakeup::set() const noexcept {
  const std::uint64_t one = 1;
  // EAGAIN would mean that 2^64-2 wake-ups wait already: one more changes nothing.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, &one, sizeof(one));
}

void Wakeup::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(descriptor_, &count, sizeof(count));
}

Poller::Poller(std::shared_ptr<Wakeup> wakeup) : wakeup_(std::move(wakeup)) {}

void Poller::add(Socket& socket) {
  sockets_.push_back(&socket);
}

void Poller::remove(const Socket& socket) {
  std::erase(sockets_, &socket);
}

void Poller::add(int descriptor) {
  descriptors_.push_back(descriptor);
}

void Poller::remove(int descriptor) {
  std::erase(descriptors_, descriptor);
}

void Poller::wait(Milliseconds timeout) {
  std::vector<zmq::pollitem_t> items;
  items.push_back({nullptr, wakeup_->descriptor(), ZMQ_POLLIN, 0});
  for (Socket* socket : sockets_) {
    items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  }
  for (const int descriptor : descriptors_) {
    items.push_back({nullptr, descriptor, ZMQ_POLLIN, 0});
  }
  const int ready =
      zmq_poll(items.data(), static_cast<int>(items.size()), std::max<long>(0, timeout.count()));
  SHEAF_CHECK(ready >= 0 || zmq_errno() == EINTR, zmq_strerror(zmq_errno()));
  wakeup_->clear();
}

}  // namespace sheaf::transport
