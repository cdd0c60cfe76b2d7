#include "scheduler/http/pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "scheduler/http/asio_pool.h"

namespace sheaf::http {

Pool::Pool(unsigned threads) : context_(std::make_unique<Context>(static_cast<int>(threads))) {
  for (unsigned i = 0; i < threads; ++i) {
    context_->threads.emplace_back([context = context_.get()] { context->io.run(); });
  }
}

Pool::~Pool() {
  stop();
}

void Pool::post(std::function<void()> work) {
  boost::asio::post(context_->io, std::move(work));
}

void Pool::after(std::chrono::milliseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<boost::asio::steady_timer>(context_->io, delay);
  timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& code) {
    if (!code) {
      work();
    }
  });
}

void Pool::stop() {
  context_->io.stop();
  for (auto& thread : context_->threads) {
    thread.join();
  }
  context_->threads.clear();
}

}  // namespace sheaf::http
