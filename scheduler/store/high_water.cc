#include "scheduler/store/high_water.h"

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <string_view>

#include <fcntl.h>

#include "scheduler/store/chain.h"

namespace sheaf::store {
namespace {

/// A slot is a line of text padded with spaces; each stands in a disk sector of its own.
constexpr std::size_t kSlotBytes = 128;
constexpr std::size_t kSlotDistance = 4096;
constexpr std::chrono::seconds kSyncInterval{1};

std::string encode_slot(const Mark& mark) {
  std::array<char, kSlotBytes> text{};
  const int length = std::snprintf(text.data(),
                                   text.size(),
                                   "epoch %" PRIu64 " batch %" PRIu64 " chain %016" PRIx64,
                                   mark.epoch,
                                   mark.batch,
                                   mark.chain);
  std::string slot(text.data(), static_cast<std::size_t>(length));
  const std::uint64_t check = chain_hash(0, slot);
  const int check_length = std::snprintf(text.data(), text.size(), " check %016" PRIx64, check);
  slot.append(text.data(), static_cast<std::size_t>(check_length));
  slot.resize(kSlotBytes - 1, ' ');
  slot.push_back('\n');
  return slot;
}

/// Takes ` <name> <number>` off the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view name, int base) {
  if (!text.starts_with(name)) {
    return std::nullopt;
  }
  text.remove_prefix(name.size());
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<Mark> decode_slot(std::string_view text) {
  std::string_view rest = text;
  const auto epoch = take_number(rest, "epoch ", 10);
  const auto batch = take_number(rest, " batch ", 10);
  const auto chain = take_number(rest, " chain ", 16);
  if (!epoch || !batch || !chain) {
    return std::nullopt;
  }
  const Mark mark{.epoch = *epoch, .batch = *batch, .chain = *chain};
  return text == encode_slot(mark) ? std::optional(mark) : std::nullopt;
}

std::uint64_t slot_offset(const Mark& mark) {
  return (mark.batch % 2) * kSlotDistance;
}

}  // namespace

Result<std::optional<Mark>> HighWater::read(const std::filesystem::path& path) {
  const auto contents = os::read_file(path, 2 * kSlotDistance);
  if (!contents && contents.error().code == ErrorCode::kNotFound) {
    return std::optional<Mark>{};
  }
  if (!contents) {
    return fail(contents.error());
  }
  std::optional<Mark> newest;
  for (const std::size_t offset : {std::size_t{0}, kSlotDistance}) {
    if (contents->size() < offset + kSlotBytes) {
      continue;
    }
    const auto mark = decode_slot(std::string_view(*contents).substr(offset, kSlotBytes));
    if (mark && (!newest || newest->batch < mark->batch)) {
      newest = mark;
    }
  }
  if (!newest) {
    return fail(ErrorCode::kCorrupt, path.string() + " holds no whole high-water mark");
  }
  return newest;
}

Result<HighWater> HighWater::open(const std::filesystem::path& path, const Mark& mark) {
  const auto known = read(path);
  if (!known) {
    return fail(known.error());
  }
  if (!known->has_value()) {
    // Whole and durable at once: a file without a whole mark would be taken for a damaged one.
    if (auto made = os::replace_file(path, encode_slot(mark)); !made) {
      return fail(made.error());
    }
  }
  auto file = os::open_file(path, O_RDWR);
  if (!file) {
    return fail(file.error());
  }
  HighWater high_water(path, *std::move(file));
  if (auto raised = high_water.raise(mark); !raised) {
    return fail(raised.error());
  }
  if (auto synced = os::sync_data(high_water.file_.get(), path); !synced) {
    return fail(synced.error());
  }
  return high_water;
}

Result<void> HighWater::raise(const Mark& mark) {
  if (auto written = os::write_all_at(file_.get(), encode_slot(mark), slot_offset(mark), path_);
      !written) {
    return written;
  }
  const auto now = Clock::now();
  if (now - synced_ < kSyncInterval) {
    return {};
  }
  synced_ = now;
  return os::sync_data(file_.get(), path_);
}

}  // namespace sheaf::store
