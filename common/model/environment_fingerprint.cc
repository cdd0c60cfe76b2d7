#include "common/model/environment_fingerprint.h"

namespace sheaf::model {
namespace {

constexpr std::uint64_t kOffset = 0xcbf2'9ce4'8422'2325;
constexpr std::uint64_t kPrime = 0x0000'0100'0000'01b3;

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char byte : text) {
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * kPrime;
  }
  return (hash ^ 0xFFU) * kPrime;  // No UTF-8 text holds this byte: it ends one.
}

}  // namespace

std::uint64_t environment_fingerprint(const EnvironmentSettings& environment) {
  if (environment.dependencies.empty()) {
    return 0;
  }
  std::uint64_t hash = mix(kOffset, environment.environment_version);
  for (const std::string& line : environment.dependencies) {
    hash = mix(hash, line);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace sheaf::model
