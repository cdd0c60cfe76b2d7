#include "scheduler/http/hook_body.h"

#include <cmath>

#include <boost/json.hpp>

#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

constexpr std::size_t kMaxDeliveryBytes = 512;

bool is_match(const model::HookSettings& hook, const boost::json::value& body) {
  if (hook.match_field.empty()) {
    return true;
  }
  const auto* value = find_path(body, hook.match_field);
  return value != nullptr && to_text(*value) == hook.match_equals;
}

Result<std::string> text_at(const boost::json::value& body, const std::string& field) {
  const auto* value = find_path(body, field);
  if (value == nullptr || value->is_null()) {
    return fail(ErrorCode::kInvalid, "the body has no field \"" + field + "\"");
  }
  if (value->is_double() && !std::isfinite(value->get_double())) {
    return fail(ErrorCode::kInvalid, "the number in the field \"" + field + "\" is too large");
  }
  return to_text(*value);
}

Result<std::string> find_delivery(const model::HookSettings& hook,
                                  const Headers& headers,
                                  const boost::json::value& body) {
  if (hook.deduplication_key.empty()) {
    return std::string(find_header(headers, "webhook-id").value_or(""));
  }
  auto delivery = text_at(body, hook.deduplication_key);
  const auto* value = find_path(body, hook.deduplication_key);
  if (delivery && value->is_structured()) {
    return fail(
        ErrorCode::kInvalid,
        "the deduplication field \"" + hook.deduplication_key + "\" is no text and no number");
  }
  if (delivery && delivery->empty()) {
    return fail(ErrorCode::kInvalid,
                "the deduplication field \"" + hook.deduplication_key + "\" is empty");
  }
  return delivery;
}

}  // namespace

Result<HookDelivery> read_hook_body(const model::HookSettings& hook,
                                    const Headers& headers,
                                    const boost::json::value& body) {
  HookDelivery read;
  read.matches = is_match(hook, body);
  if (!read.matches) {
    return read;
  }
  auto delivery = find_delivery(hook, headers, body);
  if (!delivery) {
    return fail(delivery.error());
  }
  if (delivery->size() > kMaxDeliveryBytes) {
    return fail(ErrorCode::kInvalid, "the delivery's name is longer than 512 bytes");
  }
  read.delivery = std::move(*delivery);
  for (const auto& [parameter, field] : hook.parameters) {
    auto value = text_at(body, field);
    if (!value) {
      return fail(value.error());
    }
    read.parameters.emplace_back(parameter, std::move(*value));
  }
  return read;
}

}  // namespace sheaf::http
