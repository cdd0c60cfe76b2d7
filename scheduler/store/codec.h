// The store's binary codec. A record is described once, by `fields(visitor, record)`; Encoder and
// Decoder are two visitors of that description, so that writing and reading cannot disagree.
//
// Integers are varints (signed ones zigzag), ids and enumerations are checked both ways, strings
// and lists carry their length first. Decoding trusts nothing: no length is believed beyond the
// bytes that are there, and the first fault makes everything after it zero and the whole a failure.
// Threads: none of its own.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/check.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "scheduler/store/field_count.h"

namespace sheaf::store {

/// The last enumerator of E: larger stored numbers are corrupt. Each stored enumeration specialises
/// it.
template <typename E>
extern const E kLastOf;

template <typename T>
concept Enumeration = std::is_enum_v<T>;

/// Marks a field that stands in a record but not in its stored form.
struct NotStored {};

class Encoder {
 public:
  static constexpr bool kReads = false;

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
  template <typename Record>
    requires std::is_class_v<Record>
  void put(const Record& record) {
    fields(*this, record);
  }
  void put_byte(std::uint8_t byte) { bytes_.push_back(static_cast<char>(byte)); }
  void put_raw(std::string_view bytes) { bytes_.append(bytes); }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void put_varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

class Decoder {
 public:
  static constexpr bool kReads = true;

  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <typename Record, typename... Fields>
  void of(Record& /*record*/, Fields&&... fields) {
    static_assert(sizeof...(Fields) == field_count<Record>(), "a field is not described");
    (get(fields), ...);
  }

  void get(bool& value) {
    const std::uint8_t byte = get_byte();
    expect(byte <= 1, "a truth value is neither 0 nor 1");
    value = byte == 1;
  }
  template <std::unsigned_integral T>
  void get(T& value) {
    const std::uint64_t wide = get_varint();
    expect(wide <= std::numeric_limits<T>::max(), "a number is out of range");
    value = is_ok() ? static_cast<T>(wide) : T{0};
  }
  template <std::signed_integral T>
  void get(T& value) {
    const std::uint64_t folded = get_varint();
    const auto wide = static_cast<std::int64_t>((folded >> 1) ^ (~(folded & 1) + 1));
    expect(std::in_range<T>(wide), "a number is out of range");
    value = is_ok() ? static_cast<T>(wide) : T{0};
  }
  template <Enumeration E>
  void get(E& value) {
    const std::uint8_t byte = get_byte();
    expect(byte <= static_cast<std::uint8_t>(kLastOf<E>), "an enumerator is not known");
    value = is_ok() ? static_cast<E>(byte) : E{};
  }
  template <typename Tag>
  void get(Id<Tag>& id) {
    const std::uint64_t value = get_varint();
    expect(value <= static_cast<std::uint64_t>(kMaxPublicId), "an id is out of range");
    id.value = is_ok() ? static_cast<std::int64_t>(value) : 0;
  }
  void get(Timestamp& instant) {
    std::int64_t epoch_ms = 0;
    get(epoch_ms);
    instant = from_epoch_ms(epoch_ms);
  }
  void get(std::string& text) { text = get_raw(get_length()); }
  void get(NotStored& /*field*/) {}
  template <typename First, typename Second>
  void get(std::pair<First, Second>& both) {
    get(both.first);
    get(both.second);
  }
  template <typename T>
  void get(std::vector<T>& list) {
    list.clear();
    for (std::size_t count = get_length(); count > 0 && is_ok(); --count) {
      get(list.emplace_back());
    }
  }
  template <typename Key, typename T>
  void get(std::map<Key, T>& entries) {
    entries.clear();
    for (std::size_t count = get_length(); count > 0 && is_ok(); --count) {
      Key key{};
      get(key);
      const auto [entry, is_fresh] = entries.try_emplace(key);
      expect(is_fresh, "a key stands twice");
      get(entry->second);
    }
  }
  template <typename... Alternatives>
  void get(std::variant<Alternatives...>& value) {
    const std::uint64_t index = get_varint();
    expect(index < sizeof...(Alternatives), "an alternative is not known");
    if (is_ok()) {
      get_alternative(value, index, std::index_sequence_for<Alternatives...>{});
    }
  }
  template <typename Record>
    requires std::is_class_v<Record>
  void get(Record& record) {
    fields(*this, record);
  }
  [[nodiscard]] std::uint8_t get_byte() {
    const std::string_view byte = get_raw(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte.front());
  }
  /// The next `length` bytes, or nothing and a failure.
  [[nodiscard]] std::string_view get_raw(std::size_t length) {
    expect(length <= rest_.size(), "the value ends too early");
    if (!is_ok()) {
      return {};
    }
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }

  /// Notes the first broken expectation.
  void expect(bool condition, std::string_view fault) {
    if (!condition && fault_.empty()) {
      fault_ = fault;
      rest_ = {};
    }
  }
  void expect_end() { expect(rest_.empty(), "bytes are left over"); }
  [[nodiscard]] bool is_ok() const { return fault_.empty(); }
  [[nodiscard]] std::string_view fault() const { return fault_; }

 private:
  [[nodiscard]] std::uint64_t get_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = get_byte();
      expect(shift < 63 || byte <= 1, "a number is out of range");
      value |= static_cast<std::uint64_t>(byte & 0x7Fu) << shift;
      if ((byte & 0x80u) == 0) {
        return is_ok() ? value : 0;
      }
    }
    expect(false, "a number does not end");
    return 0;
  }
  /// A count of bytes or items, each of which takes at least a byte.
  [[nodiscard]] std::size_t get_length() {
    const std::uint64_t length = get_varint();
    expect(length <= rest_.size(), "a length runs over the end");
    return is_ok() ? static_cast<std::size_t>(length) : 0;
  }
  template <typename Variant, std::size_t... Indices>
  void get_alternative(Variant& value,
                       std::uint64_t index,
                       std::index_sequence<Indices...> /*all*/) {
    ((index == Indices ? get(value.template emplace<Indices>()) : void()), ...);
  }

  std::string_view rest_;
  std::string_view fault_;
};

}  // namespace sheaf::store
