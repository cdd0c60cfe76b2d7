// Tokens of the API: the user token, made at first start and stored as a hash, and attempt tokens,
// which are signed and cost no row.
//
// Files below the data folder, all 0600: `auth.json` (who this scheduler is and the hash of the
// user token), `token` (the user token in the clear, for its owner to take), `attempt-token.key`.
// Threads: any, once opened.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/id.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "scheduler/http/message.h"

namespace sheaf::http {

/// How long an attempt's token is good. It also ends with its run, whatever comes first.
inline constexpr std::chrono::hours kAttemptTokenLifetime{14 * 24};

class Tokens {
 public:
  /// Reads the files, or makes them at the first start: `user_name` becomes the owner of the user
  /// token. Fails with kCorrupt when a file does not hold what it must; nothing is overwritten
  /// then.
  [[nodiscard]] static Result<Tokens> open(const std::filesystem::path& folder,
                                           std::string_view user_name);

  /// Who holds this `Authorization` header value; nullopt: nobody. Time does not depend on how much
  /// of a token is right.
  [[nodiscard]] std::optional<Identity> authenticate(std::string_view authorization,
                                                     Timestamp now) const;

  /// A token for `attempt` that is good for kAttemptTokenLifetime from `now`.
  [[nodiscard]] std::string mint_attempt_token(AttemptId attempt, Timestamp now) const;

  /// UUID of this scheduler, stable over restarts.
  [[nodiscard]] const std::string& scheduler_id() const { return scheduler_id_; }
  /// Decimal digits that clients take for a workspace id.
  [[nodiscard]] const std::string& workspace_id() const { return workspace_id_; }
  [[nodiscard]] const std::string& user_name() const { return user_name_; }

 private:
  using Key = std::array<unsigned char, 32>;

  Tokens() = default;
  [[nodiscard]] Result<void> create(const std::filesystem::path& folder,
                                    std::string_view user_name);
  [[nodiscard]] Result<void> read(std::string_view text);
  [[nodiscard]] std::optional<Identity> authenticate_attempt(std::string_view token,
                                                             Timestamp now) const;
  [[nodiscard]] Key sign(AttemptId attempt, std::int64_t expiry_s) const;

  std::string scheduler_id_;
  std::string workspace_id_;
  std::string user_name_;
  Key user_token_hash_{};
  Key attempt_key_{};
};

/// 32 bytes of key material at `path` (0600), made from the system's random source when the file is
/// missing.
[[nodiscard]] Result<std::array<unsigned char, 32>> open_key_file(
    const std::filesystem::path& path);

}  // namespace sheaf::http
