#include "cli/endpoint_choice.h"

#include <algorithm>

#include "cli/profile.h"
#include "common/os/file.h"
#include "common/os/processes.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxProfileFileBytes = 1u << 20;

bool is_alive(pid_t pid) {
  const auto process = os::find_process(pid);
  return process && process->is_alive;
}

std::vector<Endpoint> all_endpoints(const EndpointCandidates& candidates) {
  std::vector<Endpoint> endpoints = candidates.enrolled;
  if (candidates.local) {
    endpoints.insert(endpoints.begin(), *candidates.local);
  }
  return endpoints;
}

Failure refuse(const NamedHost& named, const std::vector<Endpoint>& endpoints) {
  std::string known;
  for (const Endpoint& endpoint : endpoints) {
    known += (known.empty() ? " (enrolled: " : ", ") + endpoint.address.url();
  }
  return fail(
      ErrorCode::kInvalid,
      named.origin + " names " + named.host + ", which is not an enrolled Sheaf scheduler" + known +
          (known.empty() ? "" : ")") +
          ". Nothing was sent to it. Unset it, or, if a Sheaf scheduler runs there, enrol it "
          "with `sheaf auth login URL`");
}

Result<std::optional<NamedHost>> host_of_named_profile(const Surroundings& surroundings,
                                                       const std::string& profile) {
  std::filesystem::path path;
  if (const auto file = surroundings.find("DATABRICKS_CONFIG_FILE")) {
    path = surroundings.absolute(*file);
  } else {
    const auto home = surroundings.home();
    if (!home) {
      return fail(home.error());
    }
    path = *home / ".databrickscfg";
  }
  const auto text = os::read_file(path, kMaxProfileFileBytes);
  if (!text) {
    return fail(ErrorCode::kInvalid, "profile `" + profile + "`: " + text.error().message);
  }
  const auto host = host_of_profile(*text, profile);
  if (!host) {
    return fail(ErrorCode::kInvalid, path.string() + ": " + host.error().message);
  }
  if (!*host) {
    return std::nullopt;
  }
  return NamedHost{.host = **host, .origin = "the profile `" + profile + "` of " + path.string()};
}

Result<std::vector<NamedHost>> find_named_hosts(const Surroundings& surroundings,
                                                const std::string& wished_profile) {
  std::vector<NamedHost> named;
  if (const auto host = surroundings.find("DATABRICKS_HOST")) {
    named.push_back({.host = *host, .origin = "DATABRICKS_HOST"});
  }
  const std::string profile = wished_profile.empty()
                                  ? surroundings.find("DATABRICKS_CONFIG_PROFILE").value_or("")
                                  : wished_profile;
  if (!profile.empty()) {
    auto host = host_of_named_profile(surroundings, profile);
    if (!host) {
      return fail(host.error());
    }
    if (*host) {
      named.push_back(std::move(**host));
    }
  }
  return named;
}

Result<EndpointCandidates> read_candidates(const Surroundings& surroundings,
                                           const EndpointWishes& wishes) {
  EndpointCandidates candidates;
  auto named = find_named_hosts(surroundings, wishes.profile);
  if (!named) {
    return fail(named.error());
  }
  candidates.named = std::move(*named);
  const auto folder =
      wishes.data_folder ? Result<std::filesystem::path>(surroundings.absolute(*wishes.data_folder))
                         : surroundings.data_folder();
  if (!folder) {
    return fail(folder.error());
  }
  candidates.data_folder = *folder;
  auto local = read_local_endpoint(*folder);
  if (!local) {
    return fail(local.error());
  }
  candidates.local = std::move(*local);
  if (wishes.data_folder) {
    return candidates;
  }
  const auto configuration = surroundings.configuration_folder();
  if (!configuration) {
    return fail(configuration.error());
  }
  auto enrolled = read_enrolled(*configuration);
  if (!enrolled) {
    return fail(enrolled.error());
  }
  candidates.enrolled = std::move(*enrolled);
  return candidates;
}

}  // namespace

Result<Endpoint> choose_endpoint(const EndpointCandidates& candidates) {
  std::vector<Endpoint> endpoints = all_endpoints(candidates);
  for (const NamedHost& named : candidates.named) {
    const auto known = endpoints;
    std::erase_if(endpoints, [&](const Endpoint& endpoint) {
      return !names_same_host(named.host, endpoint.address);
    });
    if (endpoints.empty()) {
      return refuse(named, known);
    }
  }
  if (endpoints.empty()) {
    return fail(ErrorCode::kUnavailable,
                "no scheduler runs on " + candidates.data_folder.string() +
                    ": start one with `sheaf up`, or enrol one with `sheaf auth login URL`");
  }
  return endpoints.front();
}

Result<Endpoint> find_endpoint(const Surroundings& surroundings, const EndpointWishes& wishes) {
  const auto candidates = read_candidates(surroundings, wishes);
  if (!candidates) {
    return fail(candidates.error());
  }
  auto endpoint = choose_endpoint(*candidates);
  if (endpoint && endpoint->pid && !is_alive(*endpoint->pid)) {
    return fail(ErrorCode::kUnavailable,
                "the `sheaf up` that served " + candidates->data_folder.string() + " (process " +
                    std::to_string(*endpoint->pid) + ") has ended: start it again");
  }
  return endpoint;
}

}  // namespace sheaf::cli
