// One try to deliver one alert. Blocking, on the notifier's thread; cancel() from any other.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>

#include "common/base/time.h"
#include "common/http_client/http_client.h"
#include "scheduler/core/records.h"
#include "scheduler/notify/messages.h"

namespace sheaf::notify {

/// A webhook receiver, as the operator wrote it into config.yml.
struct Destination {
  std::string url;
  std::string bearer;  ///< Sent as Authorization, if any.
  std::string key;     ///< Signs each request (Standard Webhooks), if any; of webhook_key().
};

struct DeliverySettings {
  std::map<std::string, Destination> destinations;
  std::optional<http_client::MailServer> mail_server;
  std::string mail_from = "sheaf@localhost";
  Origin origin;
};

struct Attempted {
  enum class Result { kDelivered, kTryAgain, kHopeless };
  Result result = Result::kTryAgain;
  std::string error;
  /// What the receiver asked for; zero: nothing.
  Milliseconds retry_after{0};
};

class Deliverer {
 public:
  explicit Deliverer(DeliverySettings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] Attempted deliver(const core::AlertRecord& alert, Timestamp now);

  /// Ends the try that is going on, within about a second, and all later ones: kTryAgain.
  void cancel() { is_cancelled_ = true; }

 private:
  [[nodiscard]] Attempted post(const core::AlertRecord& alert, Timestamp now);
  [[nodiscard]] Attempted mail(const core::AlertRecord& alert) const;

  DeliverySettings settings_;
  http_client::HttpClient client_;
  std::atomic<bool> is_cancelled_ = false;
};

}  // namespace sheaf::notify
