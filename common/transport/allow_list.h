// Which peers may connect: a folder of public keys, "<name>.pub" each. Enrolling a peer is putting
// its file there, removing it is deleting the file; both count from the next connection on.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace sheaf::transport {

/// Threads: one at a time.
class AllowList {
 public:
  explicit AllowList(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The name under which `public_key` (Z85) is enrolled at this moment. O(1 file) for a known key,
  /// O(files) for another. Files that hold no key, and names that are not [A-Za-z0-9_.-]{1,64}, do
  /// not count; of two names with one key the first in order does.
  [[nodiscard]] std::optional<std::string> find_name(const std::string& public_key);

 private:
  void read_folder();

  std::filesystem::path folder_;
  std::map<std::string, std::string> names_;  ///< By public key, as last read.
};

}  // namespace sheaf::transport
