#include "scheduler/http/pool.h"

#include <exception>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "scheduler/http/asio_pool.h"

namespace sheaf::http {

namespace {

void run(boost::asio::io_context& io, const std::function<void(const std::string&)>& on_trouble) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& problem) {
      if (on_trouble) {
        on_trouble(std::string("work of the HTTP side failed: ") + problem.what());
      }
    }
  }
}

}  // namespace

Pool::Pool(unsigned threads, std::function<void(const std::string&)> on_trouble)
    : context_(std::make_unique<Context>(static_cast<int>(threads))) {
  for (unsigned i = 0; i < threads; ++i) {
    context_->threads.emplace_back(
        [context = context_.get(), on_trouble] { run(context->io, on_trouble); });
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
  context_->files.stop();
  context_->files.join();
  context_->io.stop();
  for (auto& thread : context_->threads) {
    thread.join();
  }
  context_->threads.clear();
}

}  // namespace sheaf::http
