// Enrolled endpoints: the only schedulers that the command line may talk to.
//
// `<data>/endpoint.json` is written by `sheaf up` for the time that it runs; `endpoints.json` in
// the configuration folder by `sheaf auth login`, newest first. Both are readable by their owner
// alone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "cli/web_address.h"
#include "common/base/result.h"

namespace sheaf::cli {

struct Endpoint {
  WebAddress address;
  std::string token;
  std::string scheduler_id;
  /// Of `sheaf up`, when it wrote the endpoint.
  std::optional<pid_t> pid;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// What `sheaf up` writes.
struct LocalEndpoint {
  std::string url;
  std::filesystem::path token_file;
  std::string scheduler_id;
  pid_t pid = 0;
};

[[nodiscard]] std::filesystem::path local_endpoint_path(const std::filesystem::path& data_folder);

[[nodiscard]] Result<void> write_local_endpoint(const std::filesystem::path& data_folder,
                                                const LocalEndpoint& endpoint);

/// The endpoint of a `sheaf up` on this data folder; nothing when there is none. Fails with
/// kCorrupt on a file that it did not write.
[[nodiscard]] Result<std::optional<Endpoint>> read_local_endpoint(
    const std::filesystem::path& data_folder);

/// What `sheaf auth login` enrolled, newest first; none without the file.
[[nodiscard]] Result<std::vector<Endpoint>> read_enrolled(
    const std::filesystem::path& configuration_folder);

/// Puts `endpoint` in front; it takes the place of one with the same address.
[[nodiscard]] Result<void> enrol(const std::filesystem::path& configuration_folder,
                                 const Endpoint& endpoint);

/// First line of a token file, without blanks around it. Fails with kInvalid when it is empty or
/// holds what no token holds.
[[nodiscard]] Result<std::string> parse_token(std::string_view text, std::string_view origin);

}  // namespace sheaf::cli
