#include "cli/endpoint.h"

#include <algorithm>

#include <boost/json.hpp>

#include "cli/json_reading.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;
constexpr std::size_t kMaxTokenBytes = 4u << 10;
constexpr std::size_t kMaxEnrolled = 100;

std::filesystem::path enrolled_path(const std::filesystem::path& configuration_folder) {
  return configuration_folder / "endpoints.json";
}

/// The object in the file; nothing when there is no file.
Result<std::optional<boost::json::object>> read_object(const std::filesystem::path& path) {
  const auto text = os::read_file(path, kMaxFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    return std::nullopt;
  }
  if (!text) {
    return fail(text.error());
  }
  auto object = parse_object(*text, path.string());
  if (!object) {
    return fail(object.error());
  }
  return std::optional(std::move(*object));
}

Result<Endpoint> read_endpoint(const boost::json::object& object,
                               const std::filesystem::path& path) {
  const auto address = parse_web_address(text_at(object, "url"));
  if (!address) {
    return fail(ErrorCode::kCorrupt, path.string() + ": " + address.error().message);
  }
  return Endpoint{.address = *address,
                  .token = text_at(object, "token"),
                  .scheduler_id = text_at(object, "scheduler_id")};
}

}  // namespace

std::filesystem::path local_endpoint_path(const std::filesystem::path& data_folder) {
  return data_folder / "endpoint.json";
}

Result<void> write_local_endpoint(const std::filesystem::path& data_folder,
                                  const LocalEndpoint& endpoint) {
  const boost::json::object object{{"url", endpoint.url},
                                   {"token_file", endpoint.token_file.string()},
                                   {"scheduler_id", endpoint.scheduler_id},
                                   {"pid", endpoint.pid}};
  return os::replace_file(local_endpoint_path(data_folder), boost::json::serialize(object) + "\n");
}

Result<std::optional<Endpoint>> read_local_endpoint(const std::filesystem::path& data_folder) {
  const auto path = local_endpoint_path(data_folder);
  const auto object = read_object(path);
  if (!object) {
    return fail(object.error());
  }
  if (!*object) {
    return std::nullopt;
  }
  auto endpoint = read_endpoint(**object, path);
  if (!endpoint) {
    return fail(endpoint.error());
  }
  const std::string token_file = text_at(**object, "token_file");
  const auto text = os::read_file(token_file, kMaxTokenBytes);
  if (!text) {
    return fail(text.error(), path.string());
  }
  auto token = parse_token(*text, token_file);
  if (!token) {
    return fail(token.error());
  }
  endpoint->token = std::move(*token);
  if (const auto pid = number_at(**object, "pid"); pid > 0) {
    endpoint->pid = static_cast<pid_t>(pid);
  }
  return std::optional(std::move(*endpoint));
}

Result<std::vector<Endpoint>> read_enrolled(const std::filesystem::path& configuration_folder) {
  const auto path = enrolled_path(configuration_folder);
  const auto object = read_object(path);
  if (!object) {
    return fail(object.error());
  }
  std::vector<Endpoint> endpoints;
  if (!*object) {
    return endpoints;
  }
  for (const auto& entry : array_at(**object, "endpoints")) {
    if (!entry.is_object()) {
      return fail(ErrorCode::kCorrupt, path.string() + ": an endpoint is no object");
    }
    auto endpoint = read_endpoint(entry.get_object(), path);
    if (!endpoint) {
      return fail(endpoint.error());
    }
    endpoints.push_back(std::move(*endpoint));
  }
  return endpoints;
}

Result<void> enrol(const std::filesystem::path& configuration_folder, const Endpoint& endpoint) {
  auto endpoints = read_enrolled(configuration_folder);
  if (!endpoints) {
    return fail(endpoints.error());
  }
  std::erase_if(*endpoints,
                [&](const Endpoint& known) { return known.address == endpoint.address; });
  endpoints->insert(endpoints->begin(), endpoint);
  endpoints->resize(std::min(endpoints->size(), kMaxEnrolled));
  boost::json::array entries;
  for (const Endpoint& entry : *endpoints) {
    entries.push_back(boost::json::object{{"url", entry.address.url()},
                                          {"token", entry.token},
                                          {"scheduler_id", entry.scheduler_id}});
  }
  if (auto made = os::make_private_folder(configuration_folder); !made) {
    return made;
  }
  const boost::json::object object{{"endpoints", std::move(entries)}};
  return os::replace_file(enrolled_path(configuration_folder),
                          boost::json::serialize(object) + "\n");
}

Result<std::string> parse_token(std::string_view text, std::string_view origin) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return fail(ErrorCode::kInvalid, std::string(origin) + " holds no token");
  }
  text = text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
  const bool is_plain = std::ranges::all_of(
      text, [](unsigned char character) { return character > 0x20 && character < 0x7F; });
  if (!is_plain || text.size() > kMaxTokenBytes) {
    return fail(ErrorCode::kInvalid,
                std::string(origin) + " does not hold a token: it must be one word");
  }
  return std::string(text);
}

}  // namespace sheaf::cli
