#include "common/transport/context.h"

#include <zmq.hpp>

namespace sheaf::transport {

zmq::context_t& process_context() {
  // Deliberately not destroyed at exit: see the header.
  static auto& context = *new zmq::context_t(1);
  return context;
}

}  // namespace sheaf::transport
