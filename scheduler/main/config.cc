#include "scheduler/main/config.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "common/model/webhook_secret.h"
#include "common/os/file.h"

namespace sheaf::scheduler {
namespace {

constexpr std::size_t kMaxConfigBytes = 1u << 20;

/// Thrown inside this file only, where yaml-cpp's own exceptions are caught too.
struct Misread {
  YAML::Mark mark;
  std::string message;
};

void only_keys(const YAML::Node& map, std::initializer_list<std::string_view> known) {
  if (!map.IsMap()) {
    throw Misread{map.Mark(), "must be a map"};
  }
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (std::ranges::find(known, key) == known.end()) {
      throw Misread{entry.first.Mark(), "unknown key \"" + key + "\""};
    }
  }
}

std::string text(const YAML::Node& map, const char* key) {
  const YAML::Node value = map[key];
  if (value && !value.IsScalar()) {
    throw Misread{value.Mark(), std::string(key) + " must be text"};
  }
  return value ? value.as<std::string>() : std::string();
}

std::string required_text(const YAML::Node& map, const char* key) {
  std::string value = text(map, key);
  if (value.empty()) {
    throw Misread{map.Mark(), std::string(key) + " is missing"};
  }
  return value;
}

template <typename Duration>
void read_duration(const YAML::Node& map, const char* key, Milliseconds& value) {
  if (const YAML::Node node = map[key]) {
    value = Duration(node.as<std::int64_t>());
    if (value.count() <= 0) {
      throw Misread{node.Mark(), std::string(key) + " must be above 0"};
    }
  }
}

void read_destination(const YAML::Node& node, notify::DeliverySettings& alerts) {
  only_keys(node, {"id", "type", "url", "bearer", "secret"});
  if (const std::string type = text(node, "type"); !type.empty() && type != "webhook") {
    throw Misread{node["type"].Mark(), "type must be webhook, not \"" + type + "\""};
  }
  const std::string url = required_text(node, "url");
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    throw Misread{node["url"].Mark(), "url must begin with http:// or https://"};
  }
  std::string key;
  if (const std::string secret = text(node, "secret"); !secret.empty()) {
    auto decoded = model::webhook_key(secret);
    if (!decoded) {
      throw Misread{node["secret"].Mark(), "secret: " + decoded.error().message};
    }
    key = *std::move(decoded);
  }
  const std::string id = required_text(node, "id");
  const bool is_new =
      alerts.destinations
          .emplace(id,
                   notify::Destination{
                       .url = url, .bearer = text(node, "bearer"), .key = std::move(key)})
          .second;
  if (!is_new) {
    throw Misread{node.Mark(), "destination \"" + id + "\" stands here twice"};
  }
}

void read_mail(const YAML::Node& node, notify::DeliverySettings& alerts) {
  only_keys(node, {"server", "from", "user", "password", "tls"});
  const std::string server = required_text(node, "server");
  if (!server.starts_with("smtp://") && !server.starts_with("smtps://")) {
    throw Misread{node["server"].Mark(), "server must begin with smtp:// or smtps://"};
  }
  alerts.mail_server =
      http_client::MailServer{.url = server,
                              .user = text(node, "user"),
                              .password = text(node, "password"),
                              .requires_tls = node["tls"] && node["tls"].as<bool>()};
  alerts.mail_from = required_text(node, "from");
}

Config read_config(const YAML::Node& root) {
  Config config;
  if (root.IsNull()) {
    return config;
  }
  only_keys(root, {"destinations", "mail", "alerts"});
  if (const YAML::Node destinations = root["destinations"]) {
    if (!destinations.IsSequence()) {
      throw Misread{destinations.Mark(), "destinations must be a list"};
    }
    for (const YAML::Node& destination : destinations) {
      read_destination(destination, config.alerts);
    }
  }
  if (const YAML::Node mail = root["mail"]) {
    read_mail(mail, config.alerts);
  }
  if (const YAML::Node alerts = root["alerts"]) {
    only_keys(alerts, {"first_wait_ms", "longest_wait_ms", "give_up_after_s"});
    read_duration<Milliseconds>(alerts, "first_wait_ms", config.retry.first_wait);
    read_duration<Milliseconds>(alerts, "longest_wait_ms", config.retry.longest_wait);
    read_duration<std::chrono::seconds>(alerts, "give_up_after_s", config.retry.give_up_after);
  }
  return config;
}

Failure misread(const std::filesystem::path& file,
                const YAML::Mark& mark,
                const std::string& what) {
  return fail(ErrorCode::kInvalid,
              file.string() + ":" + std::to_string(mark.line + 1) + ":" +
                  std::to_string(mark.column + 1) + ": " + what);
}

}  // namespace

Result<Config> load_config(const std::filesystem::path& file) {
  const auto contents = os::read_file(file, kMaxConfigBytes);
  if (!contents) {
    if (contents.error().code == ErrorCode::kNotFound) {
      return Config{};
    }
    return fail(contents.error());
  }
  try {
    return read_config(YAML::Load(*contents));
  } catch (const Misread& problem) {
    return misread(file, problem.mark, problem.message);
  } catch (const YAML::Exception& problem) {
    return misread(file, problem.mark, problem.msg);
  }
}

}  // namespace sheaf::scheduler
