#include "common/base/failpoint.h"

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <signal.h>
#include <unistd.h>

#include "common/base/check.h"

namespace sheaf::failpoint {
namespace {

struct Order {
  std::string name;
  std::uint64_t visits = 1;  ///< The process dies at this visit.
};

Order parse(std::string_view text) {
  Order order;
  const std::size_t colon = text.find(':');
  order.name = text.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::string_view count = text.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(count.data(), count.data() + count.size(), order.visits);
    SHEAF_CHECK(error == std::errc{} && end == count.data() + count.size() && order.visits > 0,
                "SHEAF_FAILPOINT must be a name, or name:N with N above 0");
  }
  SHEAF_CHECK(order.name.empty() || std::ranges::find(kNames, order.name) != kNames.end(),
              "SHEAF_FAILPOINT names no failpoint");
  return order;
}

/// Read once; an empty name is no order.
const Order& order() {
  static const Order kOrder = [] {
    // Read before main() starts threads that could change the environment.
    const char* text = std::getenv("SHEAF_FAILPOINT");  // NOLINT(concurrency-mt-unsafe)
    return text == nullptr ? Order{} : parse(text);
  }();
  return kOrder;
}

}  // namespace

bool is_armed() {
  static const bool kArmed = !order().name.empty();
  return kArmed;
}

void visit(std::string_view name) {
  static std::atomic<std::uint64_t> visits{0};
  if (name != order().name || ++visits != order().visits) {
    return;
  }
  ::kill(::getpid(), SIGKILL);
  while (true) {
    ::pause();
  }
}

}  // namespace sheaf::failpoint
