// The one ZeroMQ context of the process.
#pragma once

namespace zmq {
class context_t;
}

namespace sheaf::transport {

/// Made at the first call (so: after any fork) and never terminated: in libzmq 4.3.4 ending one
/// context can crash the CURVE sockets of another. Any thread.
[[nodiscard]] zmq::context_t& process_context();

}  // namespace sheaf::transport
