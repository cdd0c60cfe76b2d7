#include "scheduler/http/connection.h"

#include <array>
#include <exception>
#include <optional>
#include <type_traits>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "scheduler/http/answers.h"
#include "scheduler/http/response_head.h"

namespace sheaf::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::size_t kPieceBytes = 64u << 10;
/// A body must come at least this fast, beside a fixed allowance.
constexpr std::uint64_t kMinBodyBytesPerSecond = 64u << 10;
constexpr std::chrono::seconds kBodyAllowance{30};
/// What is still read, and for how long, from a client whose request was refused before its body.
constexpr std::size_t kMaxDiscardedBytes = 1u << 20;
constexpr std::chrono::seconds kDiscardDeadline{2};

auto into(error_code& code) {
  return asio::redirect_error(asio::use_awaitable, code);
}

/// Where a handler on any thread leaves its answer for the connection.
struct AnswerSlot {
  explicit AnswerSlot(const asio::any_io_executor& executor) : timer(executor) {}
  asio::steady_timer timer;
  std::optional<Response> response;
};

class Connection {
 public:
  Connection(asio::ip::tcp::socket socket, ConnectionContext& context)
      : stream_(std::move(socket)), context_(context) {}

  asio::awaitable<void> run();

 private:
  using Parser = beast::http::request_parser<beast::http::buffer_body>;
  enum class Next { kAnotherRequest, kClose };
  enum class Unread { kNothing, kBody };

  asio::awaitable<void> serve_all();
  void report(const std::string& trouble) const;
  asio::awaitable<bool> fill();
  asio::awaitable<std::optional<std::string>> read_head();
  asio::awaitable<Next> serve_one(std::string raw_head);
  asio::awaitable<Next> serve_admitted(Request request, Admitted admitted);
  asio::awaitable<Next> serve_stream(const Route& route, const Call& call);
  asio::awaitable<Response> call_handler(const Route& route, const Call& call);
  template <typename Take>
  asio::awaitable<bool> read_body(Take take);
  template <typename Work>
  asio::awaitable<std::invoke_result_t<Work>> on_files(Work work);
  asio::awaitable<bool> send_continue(const Request& request);
  asio::awaitable<Next> answer(Response response, Unread unread);
  asio::awaitable<bool> send_source(BodySource& source);
  asio::awaitable<void> discard();
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;

  beast::tcp_stream stream_;
  ConnectionContext& context_;
  beast::flat_buffer buffer_{2 * kPieceBytes};
  std::optional<Parser> parser_;
  std::string request_line_;  ///< For the log.
  bool is_head_request_ = false;
};

std::string_view view(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

asio::awaitable<bool> Connection::fill() {
  error_code code;
  const auto count = co_await stream_.async_read_some(buffer_.prepare(kPieceBytes / 4), into(code));
  buffer_.commit(count);
  co_return !code && count > 0;
}

/// The raw head; nullopt when the client left or did not finish in time. Longer than
/// kMaxHeaderBytes when the client goes on for too long.
asio::awaitable<std::optional<std::string>> Connection::read_head() {
  if (buffer_.size() == 0) {
    stream_.expires_after(context_.settings.idle_deadline);
    if (!co_await fill()) {
      co_return std::nullopt;
    }
  }
  stream_.expires_after(context_.settings.header_deadline);
  for (;;) {
    const auto end = view(buffer_).find("\r\n\r\n");
    if (end != std::string_view::npos) {
      co_return std::string(view(buffer_).substr(0, end + 4));
    }
    if (buffer_.size() > kMaxHeaderBytes) {
      co_return std::string(view(buffer_));
    }
    if (!co_await fill()) {
      co_return std::nullopt;
    }
  }
}

asio::awaitable<void> Connection::run() {
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  try {
    co_await serve_all();
  } catch (const std::exception& problem) {
    report(problem.what());
  }
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
}

asio::awaitable<void> Connection::serve_all() {
  for (;;) {
    auto head = co_await read_head();
    if (!head) {
      co_return;
    }
    const Next next = co_await serve_one(std::move(*head));
    if (next == Next::kClose) {
      co_return;
    }
  }
}

void Connection::report(const std::string& trouble) const {
  if (context_.settings.on_trouble) {
    context_.settings.on_trouble(request_line_ + ": " + trouble);
  }
}

std::optional<std::uint64_t> Connection::content_length() const {
  const auto length = parser_->content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

asio::awaitable<Connection::Next> Connection::serve_one(std::string raw_head) {
  parser_.emplace();
  request_line_ = raw_head.substr(0, raw_head.find('\r'));
  is_head_request_ = raw_head.starts_with("HEAD ");
  if (raw_head.size() > kMaxHeaderBytes) {
    co_return co_await answer(
        error_response(431, "INVALID_PARAMETER_VALUE", "the header is longer than 8 KiB"),
        Unread::kBody);
  }
  parser_->header_limit(static_cast<std::uint32_t>(kMaxHeaderBytes + 1));
  parser_->body_limit(boost::none);
  error_code code;
  buffer_.consume(parser_->put(asio::buffer(raw_head), code));
  if (code || !parser_->is_header_done()) {
    co_return co_await answer(
        error_response(400, "INVALID_PARAMETER_VALUE", "not a valid HTTP request"), Unread::kBody);
  }
  Request request;
  const auto& message = parser_->get();
  request.method = message.method_string();
  for (const auto& field : message) {
    request.headers.emplace_back(to_lower(field.name_string()), field.value());
  }
  auto refusal = check_framing({.raw = raw_head,
                                .method = request.method,
                                .target = message.target(),
                                .version = static_cast<int>(message.version()),
                                .headers = request.headers});
  auto target = parse_target(message.target());
  if (!refusal && !target) {
    refusal = error_response(target.error());
  }
  if (refusal) {
    co_return co_await answer(std::move(*refusal), Unread::kBody);
  }
  request.target = std::move(*target);
  auto admission = admit(context_.router, context_.authenticate, request);
  const Unread unread = content_length().value_or(0) > 0 ? Unread::kBody : Unread::kNothing;
  if (auto* response = std::get_if<Response>(&admission)) {
    co_return co_await answer(std::move(*response), unread);
  }
  auto& admitted = std::get<Admitted>(admission);
  if (auto response = check_body(admitted.route->body, content_length())) {
    co_return co_await answer(std::move(*response), unread);
  }
  co_return co_await serve_admitted(std::move(request), std::move(admitted));
}

asio::awaitable<Connection::Next> Connection::serve_admitted(Request request, Admitted admitted) {
  const Route& route = *admitted.route;
  const std::chrono::seconds body_time(content_length().value_or(0) / kMinBodyBytesPerSecond);
  stream_.expires_after(kBodyAllowance + body_time);
  if (!co_await send_continue(request)) {
    co_return Next::kClose;
  }
  const Call call{.request = request,
                  .identity = std::move(admitted.identity),
                  .placeholders = std::move(admitted.placeholders)};
  if (route.body == BodyKind::kStream) {
    co_return co_await serve_stream(route, call);
  }
  const bool is_whole =
      co_await read_body([&request](std::string_view piece) -> asio::awaitable<bool> {
        request.body += piece;
        co_return true;
      });
  if (!is_whole) {
    co_return Next::kClose;
  }
  Response response = co_await call_handler(route, call);
  co_return co_await answer(std::move(response), Unread::kNothing);
}

asio::awaitable<Connection::Next> Connection::serve_stream(const Route& route, const Call& call) {
  auto opened = route.open_sink(call);
  if (auto* response = std::get_if<Response>(&opened)) {
    const Unread unread = parser_->is_done() ? Unread::kNothing : Unread::kBody;
    co_return co_await answer(std::move(*response), unread);
  }
  const auto sink = std::move(std::get<std::unique_ptr<BodySink>>(opened));
  std::optional<Error> failure;
  const bool is_whole =
      co_await read_body([this, &sink, &failure](std::string_view piece) -> asio::awaitable<bool> {
        const auto written = co_await on_files([&sink, piece] { return sink->write(piece); });
        if (!written) {
          failure = written.error();
        }
        co_return written.has_value();
      });
  if (failure) {
    // The only limit that a sink runs into is the disk's.
    const bool is_full = failure->code == ErrorCode::kExhausted;
    co_return co_await answer(is_full
                                  ? error_response(507, "INSUFFICIENT_STORAGE", failure->message)
                                  : error_response(*failure),
                              Unread::kBody);
  }
  if (!is_whole) {
    co_return Next::kClose;
  }
  Response response = co_await on_files([&sink] { return sink->finish(); });
  co_return co_await answer(std::move(response), Unread::kNothing);
}

/// Does what may wait for the disk, off the threads that others need.
template <typename Work>
asio::awaitable<std::invoke_result_t<Work>> Connection::on_files(Work work) {
  const auto do_work = [&work]() -> asio::awaitable<std::invoke_result_t<Work>> {
    co_return work();
  };
  co_return co_await asio::co_spawn(context_.files, do_work, asio::use_awaitable);
}

/// Gives the body to `take` piece by piece. False when the client left or was too slow, or `take`
/// failed.
template <typename Take>
asio::awaitable<bool> Connection::read_body(Take take) {
  std::vector<char> piece(kPieceBytes);
  while (!parser_->is_done()) {
    auto& body = parser_->get().body();
    body.data = piece.data();
    body.size = piece.size();
    error_code code;
    co_await beast::http::async_read(stream_, buffer_, *parser_, into(code));
    if (code && code != beast::http::error::need_buffer) {
      co_return false;
    }
    const std::size_t count = piece.size() - parser_->get().body().size;
    const bool is_taken = co_await take(std::string_view(piece.data(), count));
    if (!is_taken) {
      co_return false;
    }
  }
  co_return true;
}

/// Tells a client that asked first to go on. False when it left.
asio::awaitable<bool> Connection::send_continue(const Request& request) {
  const auto expect = find_header(request.headers, "expect");
  if (!expect || to_lower(*expect) != "100-continue" || parser_->is_done() || buffer_.size() > 0) {
    co_return true;
  }
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code code;
  co_await asio::async_write(stream_, asio::buffer(kContinue), into(code));
  co_return !code;
}

asio::awaitable<Response> Connection::call_handler(const Route& route, const Call& call) {
  stream_.expires_never();
  const auto slot = std::make_shared<AnswerSlot>(stream_.get_executor());
  try {
    route.handler(call, [slot](Response response) {
      asio::post(slot->timer.get_executor(), [slot, response = std::move(response)]() mutable {
        slot->response = std::move(response);
        slot->timer.cancel();
      });
    });
  } catch (const std::exception& problem) {
    co_return error_response({.code = ErrorCode::kInternal, .message = problem.what()});
  }
  error_code ignored;
  slot->timer.expires_after(context_.settings.handler_deadline);
  co_await slot->timer.async_wait(into(ignored));
  if (slot->response) {
    co_return std::move(*slot->response);
  }
  co_return error_response(
      {.code = ErrorCode::kTimeout, .message = "no answer in time; it may still happen"});
}

asio::awaitable<Connection::Next> Connection::answer(Response response, Unread unread) {
  const bool keeps_alive =
      unread == Unread::kNothing && parser_->is_header_done() && parser_->keep_alive();
  if (response.status >= 500) {
    report(std::to_string(response.status) + " " + response.body);
  }
  const std::string head = format_head(response, keeps_alive);
  const bool has_body = !is_head_request_ && response.source == nullptr;
  const std::array<asio::const_buffer, 2> parts{
      asio::buffer(head), has_body ? asio::buffer(response.body) : asio::const_buffer()};
  stream_.expires_after(context_.settings.write_deadline);
  error_code code;
  co_await asio::async_write(stream_, parts, into(code));
  if (code) {
    co_return Next::kClose;
  }
  if (response.source != nullptr && !is_head_request_) {
    const bool is_sent = co_await send_source(*response.source);
    if (!is_sent) {
      co_return Next::kClose;
    }
  }
  if (keeps_alive) {
    co_return Next::kAnotherRequest;
  }
  if (unread == Unread::kBody) {
    co_await discard();
  }
  co_return Next::kClose;
}

asio::awaitable<bool> Connection::send_source(BodySource& source) {
  std::vector<char> piece(4 * kPieceBytes);
  for (;;) {
    const auto count = co_await on_files([&source, &piece] { return source.read(piece); });
    if (!count) {
      // The head is out: only closing can say that the body is short.
      report(count.error().message);
      co_return false;
    }
    if (*count == 0) {
      co_return true;
    }
    stream_.expires_after(context_.settings.write_deadline);
    error_code code;
    co_await asio::async_write(stream_, asio::buffer(piece.data(), *count), into(code));
    if (code) {
      co_return false;
    }
  }
}

/// Reads on for a moment, so that the answer is not lost in the reset that closing with unread
/// bytes sends.
asio::awaitable<void> Connection::discard() {
  error_code code;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, code);
  stream_.expires_after(kDiscardDeadline);
  std::vector<char> piece(kPieceBytes);
  for (std::size_t total = 0; total < kMaxDiscardedBytes && !code;) {
    total += co_await stream_.async_read_some(asio::buffer(piece), into(code));
  }
}

}  // namespace

asio::awaitable<void> serve_connection(asio::ip::tcp::socket socket, ConnectionContext& context) {
  Connection connection(std::move(socket), context);
  co_await connection.run();
}

}  // namespace sheaf::http
