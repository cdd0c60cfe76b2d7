#include "common/transport/authenticator.h"

#include <array>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include <zmq.hpp>

#include "common/transport/allow_list.h"
#include "common/transport/context.h"
#include "common/transport/keys.h"
#include "common/transport/socket.h"

namespace sheaf::transport {
namespace {

constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";
constexpr std::size_t kCurveKeyBytes = 32;
constexpr std::size_t kMaxRequestParts = 16;
// Only a safety net: the wakeup ends the wait.
constexpr Milliseconds kLongestWait{60'000};

/// Parts of a ZAP request after the sender's envelope, in the order of the specification.
enum Part : std::size_t { kVersion, kRequestId, kDomain, kAddress, kIdentity, kMechanism, kKey };

using Parts = std::vector<std::string>;

bool is_curve_request(const Parts& parts) {
  return parts.size() == kKey + 1 && parts[kVersion] == "1.0" && parts[kMechanism] == "CURVE" &&
         parts[kKey].size() == kCurveKeyBytes;
}

std::string to_key_text(const std::string& bytes) {
  std::array<std::uint8_t, kCurveKeyBytes> raw{};
  bytes.copy(reinterpret_cast<char*>(raw.data()), raw.size());
  std::array<char, kKeyTextBytes + 1> text{};
  zmq_z85_encode(text.data(), raw.data(), raw.size());
  return text.data();
}

}  // namespace

class Authenticator::Handler : public Socket {
 public:
  static Result<std::unique_ptr<Handler>> open_handler(Settings settings) {
    Result<std::unique_ptr<zmq::socket_t>> socket = open(ZMQ_REP, SocketLimits{});
    if (!socket) {
      return fail(socket.error());
    }
    try {
      (*socket)->bind(kZapEndpoint);
    } catch (const zmq::error_t& error) {
      return fail(ErrorCode::kConflict,
                  std::string("another authenticator runs in this process: ") + error.what());
    }
    return std::make_unique<Handler>(*std::move(socket), std::move(settings));
  }

  Handler(std::unique_ptr<zmq::socket_t> socket, Settings settings)
      : Socket(std::move(socket)), on_refused_(std::move(settings.on_refused)) {
    for (const auto& [domain, folder] : settings.folders) {
      allow_lists_.emplace(domain, folder);
    }
  }

  ~Handler() {
    // Closing alone gives the name back only some time later, and the next authenticator needs it.
    zmq_unbind(handle(), kZapEndpoint);
  }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  void run(const std::stop_token& stop, const std::shared_ptr<Wakeup>& wakeup) {
    Poller poller(wakeup);
    poller.add(*this);
    while (!stop.stop_requested()) {
      while (std::optional<Parts> request = receive_parts()) {
        answer(*request);
      }
      poller.wait(kLongestWait);
    }
  }

 private:
  std::optional<Parts> receive_parts() {
    Parts parts;
    bool has_more = true;
    while (has_more) {
      zmq::message_t part;
      if (zmq_msg_recv(part.handle(), handle(), ZMQ_DONTWAIT) < 0) {
        return std::nullopt;
      }
      has_more = part.more();
      if (parts.size() < kMaxRequestParts) {
        parts.push_back(part.to_string());
      }
    }
    return parts;
  }

  std::optional<std::string> find_name(const Parts& request) {
    if (!is_curve_request(request)) {
      return std::nullopt;
    }
    const auto list = allow_lists_.find(request[kDomain]);
    return list == allow_lists_.end() ? std::nullopt
                                      : list->second.find_name(to_key_text(request[kKey]));
  }

  void answer(const Parts& request) {
    const std::optional<std::string> name = find_name(request);
    const std::string id = request.size() > kRequestId ? request[kRequestId] : std::string();
    const std::array<std::string, 6> reply{
        "1.0", id, name ? "200" : "400", name ? "OK" : "unknown key", name.value_or(""), ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
      const int flags = i + 1 < reply.size() ? ZMQ_SNDMORE : 0;
      // An asker that is gone by now needs no answer.
      zmq_send(handle(), reply[i].data(), reply[i].size(), flags | ZMQ_DONTWAIT);
    }
    if (!name && on_refused_ && is_curve_request(request)) {
      on_refused_(to_key_text(request[kKey]), request[kAddress]);
    }
  }

  std::map<std::string, AllowList> allow_lists_;
  std::function<void(const std::string&, const std::string&)> on_refused_;
};

Authenticator::Authenticator(std::unique_ptr<Handler> handler, std::shared_ptr<Wakeup> wakeup)
    : handler_(std::move(handler)),
      wakeup_(std::move(wakeup)),
      thread_([handler = handler_.get(), wakeup = wakeup_](const std::stop_token& stop) {
        handler->run(stop, wakeup);
      }) {}

Result<std::unique_ptr<Authenticator>> Authenticator::start(Settings settings) {
  Result<std::shared_ptr<Wakeup>> wakeup = Wakeup::create();
  if (!wakeup) {
    return fail(wakeup.error());
  }
  Result<std::unique_ptr<Handler>> handler = Handler::open_handler(std::move(settings));
  if (!handler) {
    return fail(handler.error());
  }
  return std::unique_ptr<Authenticator>(new Authenticator(*std::move(handler), *std::move(wakeup)));
}

Authenticator::~Authenticator() {
  thread_.request_stop();
  wakeup_->set();
  thread_.join();
}

}  // namespace sheaf::transport
