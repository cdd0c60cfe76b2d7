#include "scheduler/notify/delivery.h"

#include <charconv>

#include "scheduler/notify/messages.h"

namespace sheaf::notify {
namespace {

constexpr int kGone = 410;
constexpr std::size_t kMaxAnswerBytes = 64u << 10;

Milliseconds retry_after(const http_client::Response& response) {
  const std::string_view text = response.header("retry-after");
  int seconds = 0;
  static_cast<void>(std::from_chars(text.data(), text.data() + text.size(), seconds));
  return std::chrono::seconds(std::max(seconds, 0));
}

}  // namespace

Attempted Deliverer::deliver(const core::AlertRecord& alert, Timestamp now) {
  return alert.target.channel == model::AlertTarget::Channel::kEmail ? mail(alert)
                                                                     : post(alert, now);
}

Attempted Deliverer::post(const core::AlertRecord& alert, Timestamp now) {
  const auto found = settings_.destinations.find(alert.target.destination);
  if (found == settings_.destinations.end()) {
    return {.result = Attempted::Result::kHopeless,
            .error = "config.yml has no destination \"" + alert.target.destination + "\""};
  }
  const Destination& destination = found->second;
  const std::string id = message_id(alert, settings_.origin);
  const std::string timestamp =
      std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  http_client::Request request{.method = "POST",
                               .url = destination.url,
                               .headers = {{"Content-Type", "application/json"},
                                           {"webhook-id", id},
                                           {"webhook-timestamp", timestamp}},
                               .body = webhook_body(alert, settings_.origin),
                               .connect_timeout = Milliseconds{10'000},
                               .timeout = Milliseconds{30'000},
                               .max_answer_bytes = kMaxAnswerBytes,
                               .is_cancelled = [this] { return is_cancelled_.load(); }};
  if (!destination.key.empty()) {
    request.headers.emplace_back("webhook-signature",
                                 webhook_signature(destination.key, id, timestamp, request.body));
  }
  if (!destination.bearer.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + destination.bearer);
  }
  const auto response = client_.send(request);
  if (!response) {
    const bool is_hopeless = response.error().code == ErrorCode::kInvalid;
    return {.result = is_hopeless ? Attempted::Result::kHopeless : Attempted::Result::kTryAgain,
            .error = response.error().message};
  }
  if (response->is_success()) {
    return {.result = Attempted::Result::kDelivered};
  }
  return {.result = response->status == kGone ? Attempted::Result::kHopeless
                                              : Attempted::Result::kTryAgain,
          .error = "the receiver answered " + std::to_string(response->status),
          .retry_after = retry_after(*response)};
}

Attempted Deliverer::mail(const core::AlertRecord& alert) const {
  if (!settings_.mail_server) {
    return {.result = Attempted::Result::kHopeless, .error = "config.yml names no mail server"};
  }
  const auto sent =
      http_client::send_mail(*settings_.mail_server,
                             {.from = settings_.mail_from,
                              .to = {alert.target.destination},
                              .message = mail_text(alert, settings_.mail_from, settings_.origin)},
                             [this] { return is_cancelled_.load(); });
  if (sent) {
    return {.result = Attempted::Result::kDelivered};
  }
  return {.result = sent.error().code == ErrorCode::kInvalid ? Attempted::Result::kHopeless
                                                             : Attempted::Result::kTryAgain,
          .error = sent.error().message};
}

}  // namespace sheaf::notify
