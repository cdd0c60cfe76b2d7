#include "scheduler/http/server.h"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "common/base/guarded.h"
#include "scheduler/http/answers.h"
#include "tests/unit/scheduler/http/raw_client.h"

namespace sheaf::http {
namespace {

constexpr std::string_view kAuthorization = "Authorization: Bearer right\r\n";

/// Counts a streamed body's bytes.
class CountingSink : public BodySink {
 public:
  Result<void> write(std::string_view piece) override {
    bytes_ += piece.size();
    return {};
  }
  Response finish() override { return text(std::to_string(bytes_)); }

  static Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
  }

 private:
  std::size_t bytes_ = 0;
};

/// So many bytes of "x".
class LongSource : public BodySource {
 public:
  explicit LongSource(std::uint64_t size) : size_(size), left_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::span<char> buffer) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    std::fill_n(buffer.begin(), count, 'x');
    left_ -= count;
    return count;
  }

 private:
  std::uint64_t size_;
  std::uint64_t left_;
};

/// Takes no byte before the gate opens, as a disk that has much to do.
class SlowSink : public BodySink {
 public:
  struct Gate {
    std::atomic<int> waiting = 0;
    std::latch open{1};
  };
  explicit SlowSink(Gate& gate) : gate_(gate) {}
  Result<void> write(std::string_view) override {
    ++gate_.waiting;
    gate_.open.wait();
    return {};
  }
  Response finish() override { return CountingSink::text("written"); }

 private:
  Gate& gate_;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    router_.add("GET", "/open", Access::kOpen, BodyKind::kNone, [](const Call&) {
      return CountingSink::text("open");
    });
    router_.add("POST", "/echo", Access::kUser, BodyKind::kJson, [this](const Call& call) {
      ++echoes_;
      return CountingSink::text(call.request.body);
    });
    router_.add("GET", "/name/{name}", Access::kUser, BodyKind::kNone, [](const Call& call) {
      return CountingSink::text(call.placeholders.at(0));
    });
    router_.add("GET", "/long", Access::kUser, BodyKind::kNone, [](const Call&) {
      Response response;
      response.source = std::make_unique<LongSource>(3'000'000);
      return response;
    });
    router_.add({.method = "GET",
                 .pattern = "/late",
                 .handler = [this](const Call&, const Respond& respond) {
                   pool_.after(std::chrono::milliseconds(20),
                               [respond] { respond(CountingSink::text("late")); });
                 }});
    router_.add({.method = "GET",
                 .pattern = "/never",
                 .handler = [this](const Call&, const Respond& respond) { kept_ = respond; }});
    router_.add({.method = "PUT",
                 .pattern = "/stream",
                 .body = BodyKind::kStream,
                 .open_sink = [](const Call&) -> std::variant<std::unique_ptr<BodySink>, Response> {
                   return std::make_unique<CountingSink>();
                 }});
    router_.add(
        {.method = "PUT",
         .pattern = "/slow",
         .body = BodyKind::kStream,
         .open_sink = [this](const Call&) -> std::variant<std::unique_ptr<BodySink>, Response> {
           return std::make_unique<SlowSink>(gate_);
         }});
    add_throwing_routes();
    ServerSettings settings{.port = 0, .on_trouble = [this](const std::string& what) {
                              trouble_.with([&what](std::string& all) { all += what + "\n"; });
                            }};
    settings.header_deadline = std::chrono::seconds(1);
    settings.handler_deadline = std::chrono::seconds(1);
    settings.max_connections = 20;
    auto server = Server::listen(
        settings,
        router_,
        [](std::string_view authorization) -> std::optional<Identity> {
          if (authorization != "Bearer right") {
            return std::nullopt;
          }
          return Identity{.kind = Identity::Kind::kUser, .user_name = "ann"};
        },
        pool_);
    ASSERT_TRUE(server) << server.error().message;
    port_ = (*server)->port();
    (*server)->serve();
  }

  void add_throwing_routes() {
    router_.add("GET", "/throw", Access::kUser, BodyKind::kNone, [](const Call&) -> Response {
      throw std::runtime_error("thrown by a handler");
    });
    router_.add({.method = "GET",
                 .pattern = "/throw-later",
                 .handler = [this](const Call&, const Respond&) {
                   pool_.post([] { throw std::runtime_error("thrown on the pool"); });
                 }});
    router_.add({.method = "PUT",
                 .pattern = "/throw-stream",
                 .body = BodyKind::kStream,
                 .open_sink = [](const Call&) -> std::variant<std::unique_ptr<BodySink>, Response> {
                   throw std::runtime_error("thrown before a body");
                 }});
  }

  /// The answer to these raw bytes, and whether the server closed behind it.
  std::pair<RawAnswer, bool> exchange(std::string_view bytes) {
    RawClient client(port_);
    client.send(bytes);
    auto answer = client.receive();
    return {std::move(answer), client.is_closed()};
  }

  std::string trouble() {
    return trouble_.with([](const std::string& all) { return all; });
  }

  Router router_;
  SlowSink::Gate gate_;
  Guarded<std::string> trouble_;
  Pool pool_{2, [this](const std::string& what) {
               trouble_.with([&what](std::string& all) { all += what + "\n"; });
             }};
  std::atomic<int> echoes_{0};
  Respond kept_;
  std::uint16_t port_ = 0;
};

std::string with_token(std::string_view head, std::string_view rest = "") {
  return std::string(head) + "Host: x\r\n" + std::string(kAuthorization) + std::string(rest);
}

TEST_F(ServerTest, AnswersRequestsOfOneConnectionInOrder) {
  RawClient client(port_);
  const std::string echo = with_token("POST /echo HTTP/1.1\r\n", "Content-Length: 4\r\n\r\n");
  client.send(echo + "onee" + echo + "twoo" + with_token("GET /late HTTP/1.1\r\n", "\r\n"));
  EXPECT_EQ(client.receive().body, "onee");
  EXPECT_EQ(client.receive().body, "twoo");
  EXPECT_EQ(client.receive().body, "late");
  client.send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("connection"), "keep-alive");
  EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
}

TEST_F(ServerTest, RefusesAndClosesOnFramingThatTwoReadersCouldReadDifferently) {
  struct Case {
    const char* name;
    std::string bytes;
    int status;
  };
  const std::string chunks = "4\r\nabcd\r\n0\r\n\r\nGET /open HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\n";
  const std::vector<Case> cases{
      {"chunked", with_token(post, "Transfer-Encoding: chunked\r\n\r\n") + chunks, 411},
      {"gzip", with_token(post, "Transfer-Encoding: gzip\r\n\r\n") + chunks, 411},
      {"xchunked", with_token(post, "Transfer-Encoding: xchunked\r\n\r\n") + chunks, 411},
      {"two encodings", with_token(post, "Transfer-Encoding: chunked, gzip\r\n\r\n") + chunks, 411},
      {"encoding, then length",
       with_token(post, "Transfer-Encoding: gzip\r\nContent-Length: 4\r\n\r\n") + "abcd",
       411},
      {"chunked and length",
       with_token(post, "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n") + chunks,
       400},
      {"two lengths",
       with_token(post, "Content-Length: 4\r\nContent-Length: 5\r\n\r\n") + "abcd",
       400},
      {"one length twice",
       with_token(post, "Content-Length: 4\r\nContent-Length: 4\r\n\r\n") + "abcd",
       400},
      {"length with plus", with_token(post, "Content-Length: +4\r\n\r\n") + "abcd", 400},
      {"no host", "GET /open HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"folded line", "GET /open HTTP/1.1\r\nHost: a\r\nX: 1\r\n  2\r\n\r\n", 400},
      {"space before colon", "GET /open HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"bare line feed", "GET /open HTTP/1.1\nHost: a\n\r\n\r\n", 400},
      {"NUL", std::string("GET /open HTTP/1.1\r\nHost: a") + '\0' + "b\r\n\r\n", 400},
      {"absolute target", "GET http://a/open HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"long header",
       "GET /open HTTP/1.1\r\nHost: a\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n",
       431},
      {"endless header", "GET /open HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 431},
      {"long URL", "GET /" + std::string(5'000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"no HTTP", "hello\r\n\r\n", 400},
      {"other version", "GET /open HTTP/2.0\r\nHost: a\r\n\r\n", 400},
  };
  for (const Case& each : cases) {
    const auto [answer, is_closed] = exchange(each.bytes);
    EXPECT_EQ(answer.status, each.status) << each.name;
    EXPECT_TRUE(is_closed) << each.name;
  }
  EXPECT_EQ(echoes_, 0);
}

TEST_F(ServerTest, AsksForTheTokenBeforeItSaysAnythingElse) {
  const auto port = port_;
  EXPECT_EQ(ask(port, {.target = "/open"}).status, 200);
  for (const char* target : {"/name/x", "/nowhere", "/", "/open/", "/OPEN", "/%6Fpen", "/./open"}) {
    EXPECT_EQ(ask(port, {.target = target}).status, 401) << target;
    EXPECT_EQ(ask(port, {.target = target, .token = "wrong"}).status, 401) << target;
  }
  EXPECT_EQ(ask(port, {.method = "POST", .target = "/open"}).status, 401);
  EXPECT_EQ(ask(port, {.target = "/nowhere", .token = "right"}).status, 404);
  EXPECT_EQ(ask(port, {.target = "/open/", .token = "right"}).status, 404);
  const auto other = ask(port, {.method = "DELETE", .target = "/echo", .token = "right"});
  EXPECT_EQ(other.status, 405);
  EXPECT_EQ(other.headers.at("allow"), "POST");
}

TEST_F(ServerTest, DecodesNamesOnceAndRefusesThoseThatAreNone) {
  const auto port = port_;
  EXPECT_EQ(ask(port, {.target = "/name/a%20b", .token = "right"}).body, "a b");
  EXPECT_EQ(ask(port, {.target = "/name/a%2541", .token = "right"}).body, "a%41");
  for (const char* name : {"a%2Fb", "a%00b", "a%5Cb", "%2e%2e", "..", "", "a%4", "a%zz"}) {
    EXPECT_EQ(ask(port, {.target = std::string("/name/") + name, .token = "right"}).status, 404)
        << name;
  }
}

TEST_F(ServerTest, RefusesBodiesThatAreTooLongBeforeTheyCome) {
  RawClient client(port_);
  client.send(with_token("POST /echo HTTP/1.1\r\n", "Content-Length: 5000000\r\n\r\n"));
  EXPECT_EQ(client.receive().status, 413);
  const auto none = ask(port_, {.target = "/long", .token = "right", .body = "x"});
  EXPECT_EQ(none.status, 413);
}

TEST_F(ServerTest, AnswersARefusedUploadThatIsAlreadyOnItsWay) {
  const auto answer =
      ask(port_, {.method = "POST", .target = "/echo", .body = std::string(500'000, 'x')});
  EXPECT_EQ(answer.status, 401);
}

TEST_F(ServerTest, LetsClientsAskWhetherToSendTheBody) {
  RawClient client(port_);
  const std::string_view expect = "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  client.send(with_token("POST /echo HTTP/1.1\r\n", expect));
  EXPECT_EQ(client.receive().status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, "abc");
  RawClient refused(port_);
  refused.send("POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(expect));
  EXPECT_EQ(refused.receive().status, 401);
}

TEST_F(ServerTest, StreamsLongBodiesBothWays) {
  const std::string long_body(5'000'001, 'y');
  const auto sent =
      ask(port_, {.method = "PUT", .target = "/stream", .token = "right", .body = long_body});
  EXPECT_EQ(sent.body, "5000001");
  const auto got = ask(port_, {.target = "/long", .token = "right"});
  EXPECT_EQ(got.body, std::string(3'000'000, 'x'));
  RawClient client(port_);
  client.send(with_token("PUT /stream HTTP/1.1\r\n", "\r\n"));
  EXPECT_EQ(client.receive().status, 411);
}

TEST_F(ServerTest, HeadHasNoBody) {
  RawClient client(port_);
  client.send(with_token("HEAD /open HTTP/1.1\r\n", "Connection: close\r\n\r\n"));
  const auto answer = client.receive_head();
  EXPECT_EQ(answer.status, 405);
  EXPECT_NE(answer.headers.at("content-length"), "0");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, ClosesOnAHeaderThatDoesNotEnd) {
  RawClient client(port_);
  client.send("GET /open HTTP/1.1\r\nHost: x\r\n");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ServerTest, Answers503WhenAHandlerDoesNot) {
  const auto answer = ask(port_, {.target = "/never", .token = "right"});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  kept_(CountingSink::text("too late"));
}

TEST_F(ServerTest, AnswersWhenAHandlerThrowsAndGoesOn) {
  EXPECT_EQ(ask(port_, {.target = "/throw", .token = "right"}).status, 500);
  EXPECT_NE(trouble().find("thrown by a handler"), std::string::npos);

  // As often as the pool has threads, and once more.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(port_, {.target = "/throw-later", .token = "right"}).status, 503);
  }
  EXPECT_NE(trouble().find("thrown on the pool"), std::string::npos);

  const auto put = with_token("PUT /throw-stream HTTP/1.1\r\n", "Content-Length: 1\r\n\r\nx");
  EXPECT_TRUE(exchange(put).second);
  EXPECT_NE(trouble().find("thrown before a body"), std::string::npos);
  EXPECT_EQ(ask(port_, {.target = "/open"}).status, 200);
}

TEST_F(ServerTest, UploadsThatWaitForTheDiskHoldNobodyUp) {
  const std::string upload = with_token("PUT /slow HTTP/1.1\r\n", "Content-Length: 1\r\n\r\nx");
  std::vector<std::unique_ptr<RawClient>> uploads;
  for (unsigned i = 0; i < 2 * Pool::kFileThreads; ++i) {
    uploads.push_back(std::make_unique<RawClient>(port_));
    uploads.back()->send(upload);
  }
  while (gate_.waiting < static_cast<int>(Pool::kFileThreads)) {
    std::this_thread::yield();
  }
  EXPECT_EQ(ask(port_, {.target = "/open"}).status, 200);
  gate_.open.count_down();
  for (const auto& client : uploads) {
    EXPECT_EQ(client->receive().body, "written");
  }
}

TEST_F(ServerTest, ServesNobodyBeforeItIsTold) {
  std::atomic<bool> is_ready = false;
  Router router;
  router.add("GET", "/", Access::kOpen, BodyKind::kNone, [&is_ready](const Call&) {
    return CountingSink::text(is_ready ? "ready" : "early");
  });
  Pool pool;
  auto server = Server::listen({.port = 0}, router, {}, pool);
  ASSERT_TRUE(server) << server.error().message;
  RawClient client((*server)->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  is_ready = true;
  (*server)->serve();
  EXPECT_EQ(client.receive().body, "ready");
  pool.stop();
}

TEST_F(ServerTest, ClosesConnectionsOverTheLimit) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->send("GET /open HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(clients.back()->receive().status, 200);
  }
  RawClient one_more(port_);
  EXPECT_TRUE(one_more.is_closed());
}

TEST_F(ServerTest, SaysWhenThePortIsTaken) {
  ServerSettings settings{.port = port_};
  const auto second = Server::listen(settings, router_, {}, pool_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  settings.address = "localhost";
  EXPECT_EQ(Server::listen(settings, router_, {}, pool_).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace sheaf::http
