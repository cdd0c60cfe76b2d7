// Writes the fields of a record. Integers are varints (signed ones zigzag), strings and lists carry
// their length first, a variant its place. Ids and enumerators out of range are bugs and abort:
// they could not be read again. Threads: one.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/boxed.h"
#include "common/base/check.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "scheduler/store/codec.h"
#include "scheduler/store/field_count.h"

namespace sheaf::store {

class Encoder {
 public:
  /// Encodes the fields of `record`, all of them.
  template <typename Record, typename... Fields>
  void of(const Record& /*record*/, const Fields&... fields) {
    static_assert(sizeof...(Fields) == field_count<Record>(), "a field is not described");
    (put(fields), ...);
  }

  void put(bool value) { bytes_.push_back(value ? '\1' : '\0'); }
  template <std::unsigned_integral T>
  void put(T value) {
    put_varint(value);
  }
  template <std::signed_integral T>
  void put(T value) {
    const auto wide = static_cast<std::int64_t>(value);
    put_varint((static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63));
  }
  template <Enumeration E>
  void put(E value) {
    SHEAF_CHECK(value <= kLastOf<E>, "an enumerator that the codec does not know");
    bytes_.push_back(static_cast<char>(value));
  }
  template <typename Tag>
  void put(Id<Tag> id) {
    SHEAF_CHECK(id.value >= 0 && id.value <= kMaxPublicId, "an id out of range");
    put_varint(static_cast<std::uint64_t>(id.value));
  }
  void put(Timestamp instant) { put(to_epoch_ms(instant)); }
  void put(const std::string& text) {
    put_varint(text.size());
    bytes_.append(text);
  }
  void put(NotStored /*field*/) {}
  template <typename First, typename Second>
  void put(const std::pair<First, Second>& both) {
    put(both.first);
    put(both.second);
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    put_varint(list.size());
    for (const T& item : list) {
      put(item);
    }
  }
  template <typename Key, typename T>
  void put(const std::map<Key, T>& entries) {
    put_varint(entries.size());
    for (const auto& entry : entries) {
      put(entry.first);
      put(entry.second);
    }
  }
  /// The alternative's position, then its fields: alternatives may only be appended.
  template <typename... Alternatives>
  void put(const std::variant<Alternatives...>& value) {
    put_varint(value.index());
    std::visit([this](const auto& alternative) { this->put(alternative); }, value);
  }
  template <typename T>
  void put(const Boxed<T>& boxed) {
    put(*boxed);
  }
  template <typename Record>
    requires std::is_class_v<Record>
  void put(const Record& record) {
    fields(*this, record);
  }
  /// Room for this many bytes in all: a hint.
  void expect_bytes(std::size_t count) { bytes_.reserve(count); }
  void put_byte(std::uint8_t byte) { bytes_.push_back(static_cast<char>(byte)); }
  void put_raw(std::string_view bytes) { bytes_.append(bytes); }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void put_varint(std::uint64_t value) {
    if (value < 0x80) {
      bytes_.push_back(static_cast<char>(value));
      return;
    }
    std::array<char, kMaxVarintBytes> bytes{};
    std::size_t size = 0;
    while (value >= 0x80) {
      bytes[size++] = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    bytes[size++] = static_cast<char>(value);
    bytes_.append(bytes.data(), size);
  }

  static constexpr std::size_t kMaxVarintBytes = 10;

  std::string bytes_;
};

}  // namespace sheaf::store
