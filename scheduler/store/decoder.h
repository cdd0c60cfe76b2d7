// Reads what encoder.h wrote, and trusts nothing: no length is believed beyond the bytes that are
// there, and the first fault makes everything after it zero and the whole a failure. Threads: one.
#pragma once

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

#include "common/base/boxed.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "scheduler/store/codec.h"
#include "scheduler/store/field_count.h"

namespace sheaf::store {

class Decoder {
 public:
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
  template <typename T>
  void get(Boxed<T>& boxed) {
    get(*boxed);
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
