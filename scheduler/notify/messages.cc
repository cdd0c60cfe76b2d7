#include "scheduler/notify/messages.h"

#include <array>
#include <vector>

#include <boost/json.hpp>
#include <sodium.h>

namespace sheaf::notify {
namespace {

std::string_view event_name(core::AlertEvent event) {
  switch (event) {
    case core::AlertEvent::kStart:
      return "on_start";
    case core::AlertEvent::kSuccess:
      return "on_success";
    case core::AlertEvent::kFailure:
      break;
  }
  return "on_failure";
}

std::string base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(),
                    text.size(),
                    reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();
  return text;
}

/// Text for a header line: control characters become spaces, other than ASCII is encoded (RFC
/// 2047).
std::string header_text(std::string_view text) {
  std::string safe;
  bool is_ascii = true;
  for (const char character : text.substr(0, 200)) {
    const auto byte = static_cast<unsigned char>(character);
    is_ascii = is_ascii && byte < 0x80;
    safe += byte < 0x20 || byte == 0x7f ? ' ' : character;
  }
  return is_ascii ? safe : "=?UTF-8?B?" + base64(safe) + "?=";
}

std::string subject(const core::AlertRecord& alert) {
  std::string text = "[Sheaf] " + alert.job_name + ": run " + to_string(alert.run) + " ";
  text +=
      alert.event == core::AlertEvent::kStart ? "started" : std::string(to_string(alert.run_state));
  return text;
}

}  // namespace

std::string message_id(const core::AlertRecord& alert, const Origin& origin) {
  return "sheaf-alert-" + origin.scheduler_id + "-" + to_string(alert.id);
}

std::string webhook_body(const core::AlertRecord& alert, const Origin& origin) {
  const boost::json::object body{
      {"event_type", "jobs." + std::string(event_name(alert.event))},
      {"workspace_id", origin.workspace_id},
      {"run", {{"run_id", to_string(alert.run)}}},
      {"job", {{"job_id", to_string(alert.job)}, {"name", alert.job_name}}},
      {"sheaf",
       {{"alert_id", message_id(alert, origin)},
        {"result", to_string(alert.run_state)},
        {"message", alert.message},
        {"created_time", to_epoch_ms(alert.created)}}}};
  return boost::json::serialize(body);
}

std::string webhook_signature(std::string_view key,
                              std::string_view id,
                              std::string_view timestamp,
                              std::string_view body) {
  std::string signed_text;
  signed_text.append(id).append(".").append(timestamp).append(".").append(body);
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(
      &state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_auth_hmacsha256_update(
      &state, reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return "v1," + base64({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

std::string mail_text(const core::AlertRecord& alert, std::string_view from, const Origin& origin) {
  std::string mail;
  mail += "From: <" + header_text(from) + ">\r\n";
  mail += "To: <" + header_text(alert.target.destination) + ">\r\n";
  mail += "Subject: " + header_text(subject(alert)) + "\r\n";
  mail += "Message-ID: <" + message_id(alert, origin) + "@sheaf>\r\n";
  mail += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  mail += "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  std::string body = "Job: " + alert.job_name + " (" + to_string(alert.job) + ")\n";
  body += "Run: " + to_string(alert.run) + "\n";
  body += "State: " + std::string(to_string(alert.run_state)) + "\n";
  if (!alert.message.empty()) {
    body += "\n" + alert.message + "\n";
  }
  body += "\n" + origin.scheduler_url + "/#job/" + to_string(alert.job) + "/run/" +
          to_string(alert.run) + "\n";
  const std::string encoded = base64(body);
  constexpr std::size_t kLine = 76;
  for (std::size_t begin = 0; begin < encoded.size(); begin += kLine) {
    mail += encoded.substr(begin, kLine) + "\r\n";
  }
  return mail;
}

}  // namespace sheaf::notify
