#include "scheduler/http/router.h"

#include <optional>

#include "common/base/check.h"

namespace sheaf::http {
namespace {

bool is_placeholder(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::vector<std::string> split_pattern(std::string_view pattern) {
  auto parsed = parse_target(pattern);
  SHEAF_CHECK(parsed.has_value(), "a route's pattern is a path");
  return std::move(parsed->raw_segments);
}

/// The placeholder values when the path fits the pattern.
std::optional<std::vector<std::string>> fit(const std::vector<std::string>& pattern,
                                            const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) {
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (!is_placeholder(pattern[i])) {
      if (pattern[i] != segments[i]) {
        return std::nullopt;
      }
      continue;
    }
    auto name = decode_name(segments[i]);
    if (!name) {
      return std::nullopt;
    }
    values.push_back(std::move(*name));
  }
  return values;
}

}  // namespace

void Router::add(Route route) {
  SHEAF_CHECK(
      route.body == BodyKind::kStream ? route.open_sink != nullptr : route.handler != nullptr,
      "a route leads somewhere");
  for (const Route& other : routes_) {
    SHEAF_CHECK(other.method != route.method || other.pattern != route.pattern,
                "a route is added once");
  }
  patterns_.push_back(split_pattern(route.pattern));
  routes_.push_back(std::move(route));
}

void Router::add(std::string method,
                 std::string pattern,
                 Access access,
                 BodyKind body,
                 std::function<Response(const Call&)> handler) {
  add(Route{.method = std::move(method),
            .pattern = std::move(pattern),
            .access = access,
            .body = body,
            .handler = [handler = std::move(handler)](const Call& call, const Respond& respond) {
              respond(handler(call));
            }});
}

Match Router::match(std::string_view method, const Target& target) const {
  Match match;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto values = fit(patterns_[i], target.raw_segments);
    if (!values) {
      continue;
    }
    match.allow += (match.allow.empty() ? "" : ", ") + routes_[i].method;
    if (routes_[i].method == method) {
      match.route = &routes_[i];
      match.placeholders = std::move(*values);
    }
  }
  return match;
}

}  // namespace sheaf::http
