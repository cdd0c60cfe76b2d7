// The Asio side of Pool, for the sources of this folder that include Asio anyway.
#pragma once

#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "scheduler/http/pool.h"

namespace sheaf::http {

struct Pool::Context {
  explicit Context(int thread_count)
      : io(thread_count), guard(io.get_executor()), files(kFileThreads) {}

  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
  std::vector<std::thread> threads;
  boost::asio::thread_pool files;
};

}  // namespace sheaf::http
