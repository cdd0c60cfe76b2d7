#include "scheduler/store/keys.h"

#include <cctype>

namespace sheaf::store {

Key& Key::number(std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<char>((value >> shift) & 0xFFu));
  }
  return *this;
}

Key& Key::short_number(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<char>((value >> shift) & 0xFFu));
  }
  return *this;
}

Key& Key::instant(Timestamp instant) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return number(static_cast<std::uint64_t>(to_epoch_ms(instant)) ^ kSign);
}

Key& Key::text(std::string_view text) {
  bytes_.append(text);
  return *this;
}

std::string Key::end_of_prefix() const {
  std::string end = bytes_;
  while (static_cast<std::uint8_t>(end.back()) == 0xFFu) {
    end.pop_back();  // The table byte is never 0xFF, so something is left.
  }
  end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
  return end;
}

std::uint64_t number_in_key(std::string_view key, std::size_t position) {
  const std::size_t begin = 1 + 8 * position;
  if (key.size() < begin + 8) {
    return 0;
  }
  std::uint64_t value = 0;
  for (const char byte : key.substr(begin, 8)) {
    value = (value << 8) | static_cast<std::uint8_t>(byte);
  }
  return value;
}

std::string describe_key(std::string_view key) {
  std::string text(key.substr(0, 1));
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char byte : key.substr(key.empty() ? 0 : 1)) {
    const auto value = static_cast<std::uint8_t>(byte);
    if (std::isalnum(value) != 0 || value == '-' || value == '/') {
      text.push_back(byte);
    } else {
      text.append({'\\', kDigits[value >> 4], kDigits[value & 0xFu]});
    }
  }
  return text;
}

Key events_key(RunId run, std::uint64_t batch) {
  return Key(Table::kEvents).id(run).number(batch);
}

Key page_key(Table table, RunId run, std::uint32_t page) {
  return Key(table).id(run).short_number(page);
}

Key deployment_name_key(std::string_view bundle, std::string_view target) {
  return Key(Table::kDeploymentByName)
      .short_number(static_cast<std::uint32_t>(bundle.size()))
      .text(bundle)
      .text(target);
}

Key pending_alert_key(Timestamp next_try, AlertId alert) {
  return Key(Table::kPendingAlert).instant(next_try).id(alert);
}

Key hook_secret_key(JobId job, std::string_view hook) {
  return Key(Table::kHookSecret).id(job).text(hook);
}

}  // namespace sheaf::store
