#include "common/transport/allow_list.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/base/limits.h"
#include "common/transport/keys.h"

namespace sheaf::transport {
namespace {

constexpr std::string_view kExtension = ".pub";
constexpr std::size_t kMaxPeerNameBytes = 64;

bool is_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= kMaxPeerNameBytes &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

}  // namespace

std::optional<std::string> AllowList::find_name(const std::string& public_key) {
  const auto known = names_.find(public_key);
  if (known != names_.end()) {
    const auto file = folder_ / (known->second + std::string(kExtension));
    if (load_public_key(file).value_or("") == public_key) {
      return known->second;
    }
  }
  read_folder();
  const auto found = names_.find(public_key);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

void AllowList::read_folder() {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path file = entry->path();
    if (file.extension() == kExtension && is_name(file.stem().string()) &&
        names.size() < limits::kMaxWorkers) {
      names.push_back(file.stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  names_.clear();
  for (const std::string& name : names) {
    if (Result<std::string> key = load_public_key(folder_ / (name + std::string(kExtension)))) {
      names_.emplace(*std::move(key), name);
    }
  }
}

}  // namespace sheaf::transport
