#include "scheduler/http/tokens.h"

#include <charconv>

#include <boost/json.hpp>
#include <sodium.h>

#include "common/base/check.h"
#include "common/os/file.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kUserPrefix = "sheaf_";
constexpr std::string_view kAttemptPrefix = "sheaf-attempt.";
constexpr std::size_t kMaxTokenBytes = 512;
constexpr std::size_t kMaxAuthFileBytes = 64u << 10;

template <std::size_t kSize>
std::string to_hex(const std::array<unsigned char, kSize>& bytes) {
  std::string hex(kSize * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
  hex.pop_back();
  return hex;
}

std::optional<std::array<unsigned char, 32>> from_hex(std::string_view hex) {
  std::array<unsigned char, 32> bytes{};
  std::size_t length = 0;
  if (hex.size() != 64 ||
      sodium_hex2bin(
          bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &length, nullptr) != 0 ||
      length != bytes.size()) {
    return std::nullopt;
  }
  return bytes;
}

std::array<unsigned char, 32> hash(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  crypto_generichash(digest.data(),
                     digest.size(),
                     reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(),
                     nullptr,
                     0);
  return digest;
}

std::array<unsigned char, 32> random_bytes() {
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

/// A random (version 4) UUID.
std::string make_uuid() {
  std::array<unsigned char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0Fu) | 0x40u);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3Fu) | 0x80u);
  auto text = to_hex(bytes);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) {
    text.insert(dash, "-");
  }
  return text;
}

/// Fifteen digits: below 2^53, as clients want of a workspace id.
std::string make_workspace_id() {
  std::string digits(1, static_cast<char>('1' + randombytes_uniform(9)));
  while (digits.size() < 15) {
    digits += static_cast<char>('0' + randombytes_uniform(10));
  }
  return digits;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = parse_number(text.substr(0, dot), "token");
  text.remove_prefix(dot + 1);
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace

Result<std::array<unsigned char, 32>> open_key_file(const std::filesystem::path& path) {
  SHEAF_CHECK(sodium_init() >= 0, "libsodium finds no random source");
  auto text = os::read_file(path, kMaxAuthFileBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) {
    const auto key = random_bytes();
    if (auto written = os::replace_file(path, to_hex(key) + "\n"); !written) {
      return fail(written.error());
    }
    return key;
  }
  if (!text) {
    return fail(text.error());
  }
  std::string_view hex = *text;
  if (hex.ends_with('\n')) {
    hex.remove_suffix(1);
  }
  const auto key = from_hex(hex);
  if (!key) {
    return fail(ErrorCode::kCorrupt, path.string() + ": must hold 64 hexadecimal digits");
  }
  return *key;
}

Result<Tokens> Tokens::open(const std::filesystem::path& folder, std::string_view user_name) {
  Tokens tokens;
  auto key = open_key_file(folder / "attempt-token.key");
  if (!key) {
    return fail(key.error());
  }
  tokens.attempt_key_ = *key;
  auto text = os::read_file(folder / "auth.json", kMaxAuthFileBytes);
  if (text) {
    if (auto result = tokens.read(*text); !result) {
      return fail(result.error(), (folder / "auth.json").string());
    }
    return tokens;
  }
  if (text.error().code != ErrorCode::kNotFound) {
    return fail(text.error());
  }
  if (auto created = tokens.create(folder, user_name); !created) {
    return fail(created.error());
  }
  return tokens;
}

Result<void> Tokens::create(const std::filesystem::path& folder, std::string_view user_name) {
  const std::string token = std::string(kUserPrefix) + to_hex(random_bytes());
  user_name_ = user_name;
  scheduler_id_ = make_uuid();
  workspace_id_ = make_workspace_id();
  user_token_hash_ = hash(token);
  const boost::json::value document = {
      {"format", 1},
      {"scheduler_id", scheduler_id_},
      {"workspace_id", workspace_id_},
      {"users", {{{"user_name", user_name_}, {"token_blake2b", to_hex(user_token_hash_)}}}}};
  // The clear text first: a crash between the two leaves a token that the next start replaces.
  if (auto written = os::replace_file(folder / "token", token + "\n"); !written) {
    return written;
  }
  return os::replace_file(folder / "auth.json", boost::json::serialize(document) + "\n");
}

Result<void> Tokens::read(std::string_view text) {
  auto document = parse_json_object(text);
  const auto* users = document ? document->if_contains("users") : nullptr;
  const auto* list = users != nullptr ? users->if_array() : nullptr;
  if (list == nullptr || list->size() != 1 || !list->front().is_object()) {
    return fail(ErrorCode::kCorrupt, "must be a JSON object with one user");
  }
  const auto& user = list->front().get_object();
  const auto name = required_string(user, "user_name");
  const auto digest = required_string(user, "token_blake2b");
  const auto scheduler = required_string(*document, "scheduler_id");
  const auto workspace = required_string(*document, "workspace_id");
  const auto bytes = digest ? from_hex(*digest) : std::nullopt;
  if (!name || !bytes || !scheduler || !workspace) {
    return fail(ErrorCode::kCorrupt, "a field is missing or has the wrong form");
  }
  user_name_ = *name;
  user_token_hash_ = *bytes;
  scheduler_id_ = *scheduler;
  workspace_id_ = *workspace;
  return {};
}

std::optional<Identity> Tokens::authenticate(std::string_view authorization, Timestamp now) const {
  if (!authorization.starts_with(kBearer) || authorization.size() > kMaxTokenBytes) {
    return std::nullopt;
  }
  const auto token = authorization.substr(kBearer.size());
  if (token.starts_with(kAttemptPrefix)) {
    return authenticate_attempt(token.substr(kAttemptPrefix.size()), now);
  }
  const auto digest = hash(token);
  if (sodium_memcmp(digest.data(), user_token_hash_.data(), digest.size()) != 0) {
    return std::nullopt;
  }
  return Identity{.kind = Identity::Kind::kUser, .user_name = user_name_};
}

std::optional<Identity> Tokens::authenticate_attempt(std::string_view token, Timestamp now) const {
  const auto attempt = take_number(token);
  const auto expiry_s = attempt ? take_number(token) : std::nullopt;
  const auto signature = from_hex(token);
  if (!attempt || !expiry_s || !signature) {
    return std::nullopt;
  }
  const auto expected = sign(AttemptId{*attempt}, *expiry_s);
  const bool is_genuine = sodium_memcmp(expected.data(), signature->data(), expected.size()) == 0;
  if (!is_genuine || *expiry_s * 1000 <= to_epoch_ms(now)) {
    return std::nullopt;
  }
  return Identity{.kind = Identity::Kind::kAttempt, .attempt = AttemptId{*attempt}};
}

std::string Tokens::mint_attempt_token(AttemptId attempt, Timestamp now) const {
  const auto expires = std::chrono::ceil<std::chrono::seconds>(now + kAttemptTokenLifetime);
  const std::int64_t expiry_s = expires.time_since_epoch().count();
  return std::string(kAttemptPrefix) + to_string(attempt) + "." + std::to_string(expiry_s) + "." +
         to_hex(sign(attempt, expiry_s));
}

Tokens::Key Tokens::sign(AttemptId attempt, std::int64_t expiry_s) const {
  const std::string message = "attempt." + to_string(attempt) + "." + std::to_string(expiry_s);
  Key signature{};
  crypto_auth_hmacsha256(signature.data(),
                         reinterpret_cast<const unsigned char*>(message.data()),
                         message.size(),
                         attempt_key_.data());
  return signature;
}

}  // namespace sheaf::http
