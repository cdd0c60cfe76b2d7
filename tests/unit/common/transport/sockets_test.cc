// Real sockets over loopback: who gets in, what is bounded, what fails loudly.
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/transport/authenticator.h"
#include "common/transport/dealer.h"
#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "tests/unit/common/transport/temporary_folder.h"

namespace sheaf::transport {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{20};
/// Long enough for a handshake on a loaded machine: what has not come by then was refused.
constexpr Milliseconds kRefusalWait{400};

/// Tries until `attempt` gives something or the time is over.
template <typename Function>
auto retry(Function attempt, Clock::duration limit = kDeadline) -> decltype(attempt()) {
  Poller pause(Wakeup::create().value());
  const Clock::time_point end = Clock::now() + limit;
  auto outcome = attempt();
  while (!outcome && Clock::now() < end) {
    pause.wait(Milliseconds{2});
    outcome = attempt();
  }
  return outcome;
}

class Sockets : public testing::Test {
 protected:
  void SetUp() override {
    authenticator_ = Authenticator::start({.folders = {{"workers", folder_.path()}},
                                           .on_refused =
                                               [this](const std::string& key, const std::string&) {
                                                 refused_key_ = key;
                                                 ++refusals_;
                                               }})
                         .value();
    listen({});
  }

  void listen(SocketLimits limits) {
    router_.reset();
    router_.emplace(Router::bind({.endpoint = "tcp://127.0.0.1:*",
                                  .keys = server_,
                                  .domain = "workers",
                                  .limits = limits})
                        .value());
  }

  KeyPair enrol(const std::string& name) {
    KeyPair keys = generate_keys().value();
    EXPECT_TRUE(store_public_key(folder_.path() / (name + ".pub"), keys.public_key).has_value());
    return keys;
  }

  Dealer dial(const KeyPair& keys, SocketLimits limits = {}) {
    return Dealer::connect({.endpoint = router_->endpoint(),
                            .server_public_key = server_.public_key,
                            .keys = keys,
                            .limits = limits})
        .value();
  }

  static bool send(Dealer& dealer, std::string_view bytes) {
    return retry([&] { return dealer.send(bytes).has_value(); });
  }

  std::optional<Received> receive(Clock::duration limit = kDeadline) {
    return retry([this] { return router_->receive(); }, limit);
  }

  TemporaryFolder folder_;
  KeyPair server_ = generate_keys().value();
  std::string refused_key_;
  std::atomic<int> refusals_{0};
  std::optional<Router> router_;
  std::unique_ptr<Authenticator> authenticator_;
};

TEST_F(Sockets, AnEnrolledPeerIsKnownByItsName) {
  Dealer dealer = dial(enrol("gpu-1"));
  ASSERT_TRUE(send(dealer, "hello"));
  const std::optional<Received> received = receive();
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->user, "gpu-1");
  EXPECT_EQ(received->bytes, "hello");
  ASSERT_TRUE(router_->send(received->connection, "welcome").has_value());
  EXPECT_EQ(retry([&] { return dealer.receive(); }), "welcome");
}

TEST_F(Sockets, TheBoundPortIsTold) {
  EXPECT_EQ(router_->endpoint().rfind("tcp://127.0.0.1:", 0), 0u);
  EXPECT_EQ(router_->endpoint().find('*'), std::string::npos);
  const Result<Router> second = Router::bind(
      {.endpoint = router_->endpoint(), .keys = server_, .domain = "workers", .limits = {}});
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_F(Sockets, AForeignKeyIsRefused) {
  const KeyPair foreign = generate_keys().value();
  Dealer dealer = dial(foreign);
  EXPECT_TRUE(retry([this] { return refusals_ > 0; }));
  EXPECT_FALSE(dealer.send("let me in").has_value());
  EXPECT_FALSE(receive(kRefusalWait).has_value());
  authenticator_.reset();
  EXPECT_EQ(refused_key_, foreign.public_key);
}

TEST_F(Sockets, APeerThatIsEnrolledLaterGetsInAfterReopening) {
  const KeyPair keys = generate_keys().value();
  Dealer dealer = dial(keys);
  ASSERT_TRUE(retry([this] { return refusals_ > 0; }));
  ASSERT_TRUE(store_public_key(folder_.path() / "late.pub", keys.public_key).has_value());
  ASSERT_TRUE(dealer.reopen().has_value());
  ASSERT_TRUE(send(dealer, "hello"));
  EXPECT_EQ(receive().value().user, "late");
}

TEST_F(Sockets, AKeyThatIsWithdrawnDoesNotConnectAgain) {
  const KeyPair keys = enrol("w");
  Dealer dealer = dial(keys);
  ASSERT_TRUE(send(dealer, "hello"));
  ASSERT_TRUE(receive().has_value());
  std::filesystem::remove(folder_.path() / "w.pub");
  ASSERT_TRUE(dealer.reopen().has_value());
  EXPECT_TRUE(retry([this] { return refusals_ > 0; }));
  EXPECT_FALSE(dealer.send("again").has_value());
}

TEST_F(Sockets, WithoutAnAuthenticatorNobodyGetsIn) {
  const KeyPair keys = enrol("w");
  authenticator_.reset();
  Dealer dealer = dial(keys);
  EXPECT_FALSE(retry([&] { return dealer.send("hello").has_value(); }, kRefusalWait));
  EXPECT_FALSE(router_->receive().has_value());
}

TEST_F(Sockets, AServerWithAnotherKeyIsRefused) {
  Dealer dealer = Dealer::connect({.endpoint = router_->endpoint(),
                                   .server_public_key = generate_keys().value().public_key,
                                   .keys = enrol("w"),
                                   .limits = {}})
                      .value();
  EXPECT_FALSE(retry([&] { return dealer.send("hello").has_value(); }, kRefusalWait));
  EXPECT_FALSE(router_->receive().has_value());
}

TEST_F(Sockets, TwoPeersDoNotMix) {
  Dealer first = dial(enrol("one"));
  Dealer second = dial(enrol("two"));
  ASSERT_TRUE(send(first, "from one"));
  ASSERT_TRUE(send(second, "from two"));
  for (int i = 0; i < 2; ++i) {
    const Received received = receive().value();
    EXPECT_EQ(received.bytes, "from " + received.user);
    ASSERT_TRUE(router_->send(received.connection, "to " + received.user).has_value());
  }
  EXPECT_EQ(retry([&] { return first.receive(); }), "to one");
  EXPECT_EQ(retry([&] { return second.receive(); }), "to two");
}

TEST_F(Sockets, TwoConnectionsOfOneKeyAreTwoAddresses) {
  const KeyPair keys = enrol("w");
  Dealer first = dial(keys);
  Dealer second = dial(keys);
  ASSERT_TRUE(send(first, "1"));
  const Received one = receive().value();
  ASSERT_TRUE(send(second, "2"));
  const Received two = receive().value();
  EXPECT_EQ(one.user, two.user);
  EXPECT_NE(one.connection, two.connection);
  ASSERT_TRUE(router_->send(one.connection, "a").has_value());
  EXPECT_EQ(retry([&] { return first.receive(); }), "a");
}

TEST_F(Sockets, AnOversizedMessageEndsTheConnectionOnly) {
  listen({.send_queue = 64, .receive_queue = 256, .max_message_bytes = 1'000});
  Dealer greedy = dial(enrol("greedy"));
  Dealer modest = dial(enrol("modest"));
  ASSERT_TRUE(send(greedy, std::string(1'001, 'x')));
  ASSERT_TRUE(send(modest, std::string(1'000, 'x')));
  const Received received = receive().value();
  EXPECT_EQ(received.user, "modest");
  EXPECT_FALSE(receive(kRefusalWait).has_value());
}

TEST_F(Sockets, AFullQueueIsAnErrorNotALoss) {
  listen({.send_queue = 4, .receive_queue = 4, .max_message_bytes = 1u << 20});
  Dealer dealer = dial(enrol("slow"), {.send_queue = 4, .receive_queue = 4});
  ASSERT_TRUE(send(dealer, "hello"));
  const std::string connection = receive().value().connection;
  const std::string large(500'000, 'x');
  std::size_t sent = 0;
  Result<void> outcome;
  while (sent < 10'000 && (outcome = router_->send(connection, large))) {
    ++sent;
  }
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kExhausted);
  std::size_t received = 0;
  while (received < sent && retry([&] { return dealer.receive(); })) {
    ++received;
  }
  EXPECT_EQ(received, sent);  // All that was taken arrives, and there is room again.
  EXPECT_TRUE(router_->send(connection, "more").has_value());
}

TEST_F(Sockets, AConnectionThatIsGoneIsNotFound) {
  std::optional<Dealer> dealer(dial(enrol("w")));
  ASSERT_TRUE(send(*dealer, "hello"));
  const std::string connection = receive().value().connection;
  dealer.reset();
  EXPECT_TRUE(retry([&] {
    const Result<void> sent = router_->send(connection, "still there?");
    return !sent && sent.error().code == ErrorCode::kNotFound;
  }));
}

TEST_F(Sockets, APeerThatOnlyListensTakesNoMessages) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  Dealer dealer =
      Dealer::connect({.endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)),
                       .server_public_key = server_.public_key,
                       .keys = enrol("w"),
                       .limits = {}})
          .value();
  EXPECT_FALSE(retry([&] { return dealer.send("hello").has_value(); }, kRefusalWait));
  ::close(listener);
}

TEST_F(Sockets, ThePollerWakesForAMessage) {
  Dealer dealer = dial(enrol("w"));
  ASSERT_TRUE(send(dealer, "hello"));
  Poller poller(Wakeup::create().value());
  poller.add(*router_);
  const Clock::time_point begin = Clock::now();
  poller.wait(std::chrono::duration_cast<Milliseconds>(kDeadline));
  EXPECT_LT(Clock::now() - begin, kDeadline);
  EXPECT_TRUE(router_->receive().has_value());
}

TEST_F(Sockets, AReopenedSocketIsStillWatched) {
  Dealer dealer = dial(enrol("w"));
  Poller poller(Wakeup::create().value());
  poller.add(dealer);
  ASSERT_TRUE(dealer.reopen().has_value());
  ASSERT_TRUE(send(dealer, "hello"));
  ASSERT_TRUE(router_->send(receive().value().connection, "welcome").has_value());
  const Clock::time_point begin = Clock::now();
  poller.wait(std::chrono::duration_cast<Milliseconds>(kDeadline));
  EXPECT_LT(Clock::now() - begin, kDeadline);
  EXPECT_EQ(dealer.receive(), "welcome");
}

TEST_F(Sockets, EachConnectionIsAnEvent) {
  const KeyPair keys = enrol("w");
  Dealer dealer = Dealer::connect({.endpoint = router_->endpoint(),
                                   .server_public_key = server_.public_key,
                                   .keys = keys,
                                   .limits = {},
                                   .tells_connections = true})
                      .value();
  EXPECT_TRUE(retry([&] { return dealer.events().take_connected(); }));
  EXPECT_FALSE(dealer.events().take_connected());
  const std::string endpoint = router_->endpoint();
  router_.reset();
  retry([&] {
    auto again = Router::bind({.endpoint = endpoint, .keys = server_, .domain = "workers"});
    if (again) {
      router_.emplace(*std::move(again));
    }
    return again.has_value();
  });
  Poller poller(Wakeup::create().value());
  poller.add(dealer.events());
  EXPECT_TRUE(retry([&] {
    poller.wait(Milliseconds{1'000});
    return dealer.events().take_connected();
  }));
  ASSERT_TRUE(dealer.reopen());
  EXPECT_TRUE(retry([&] {
    poller.wait(Milliseconds{1'000});
    return dealer.events().take_connected();
  }));
}

// libzmq has one thread for all connections of a process: it must not wait for a reader that went.
TEST_F(Sockets, DealersThatGoWhileTheyConnectHoldNobodyUp) {
  const KeyPair keys = enrol("w");
  const auto connect = [&] {
    return Dealer::connect({.endpoint = router_->endpoint(),
                            .server_public_key = server_.public_key,
                            .keys = keys,
                            .limits = {},
                            .tells_connections = true})
        .value();
  };
  Poller poller(Wakeup::create().value());
  for (int pause_ms = 0; pause_ms < 40; ++pause_ms) {
    Dealer dealer = connect();
    poller.wait(Milliseconds{pause_ms / 4});
  }
  Dealer last = connect();
  EXPECT_TRUE(retry([&] { return last.events().take_connected(); }));
}

TEST_F(Sockets, OnlyOneAuthenticatorRuns) {
  EXPECT_EQ(Authenticator::start({}).error().code, ErrorCode::kConflict);
}

TEST_F(Sockets, BadAddressesAndKeysAreRefusedAtOnce) {
  EXPECT_EQ(Dealer::connect({.endpoint = "nonsense",
                             .server_public_key = server_.public_key,
                             .keys = server_,
                             .limits = {}})
                .error()
                .code,
            ErrorCode::kInvalid);
  EXPECT_EQ(Dealer::connect({.endpoint = router_->endpoint(),
                             .server_public_key = "short",
                             .keys = server_,
                             .limits = {}})
                .error()
                .code,
            ErrorCode::kInvalid);
  EXPECT_EQ(Router::bind({.endpoint = "tcp://", .keys = server_, .domain = "workers", .limits = {}})
                .error()
                .code,
            ErrorCode::kInvalid);
}

}  // namespace
}  // namespace sheaf::transport
