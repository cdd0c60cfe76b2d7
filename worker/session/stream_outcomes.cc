#include "worker/session/stream_outcomes.h"

#include <utility>

#include <boost/json.hpp>

#include "common/base/limits.h"
#include "common/os/file.h"
#include "common/wire/text.h"

namespace sheaf::session {
namespace {

namespace json = boost::json;

/// Read at once; a line fits.
constexpr std::size_t kPieceBytes = 256u << 10;
static_assert(kPieceBytes > limits::kMaxStreamLineBytes);
constexpr std::size_t kMaxNotes = 5;

std::string error_text(const json::object& line) {
  const json::value* error = line.if_contains("error");
  if (error == nullptr || error->is_null()) {
    return {};
  }
  const std::string text =
      error->is_string() ? std::string(error->get_string()) : json::serialize(*error);
  return wire::clip_to_utf8(text, limits::kMaxStreamErrorBytes);
}

bool is_true(const json::object& line, std::string_view key) {
  const json::value* value = line.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

std::string stream_input_text(const std::vector<model::StreamInput>& inputs) {
  std::string text;
  for (const model::StreamInput& input : inputs) {
    text += "{\"index\": " + std::to_string(input.index) + ", \"input\": " + input.json + "}\n";
  }
  return text;
}

StreamOutcomes::StreamOutcomes(std::filesystem::path file,
                               const std::vector<model::StreamInput>& inputs)
    : file_(std::move(file)) {
  for (const model::StreamInput& input : inputs) {
    open_.insert(open_.end(), input.index);
  }
}

std::optional<StreamOutcomes::Piece> StreamOutcomes::read(Writer writer) {
  Piece piece;
  const auto file = os::open_regular_file(file_);
  while (file && piece.entries.size() < limits::kMaxStreamReport) {
    const auto text = os::read_at(file->get(), offset_, kPieceBytes, file_);
    if (!text || text->empty()) {
      break;
    }
    const bool is_end = writer == Writer::kIsGone && text->size() < kPieceBytes;
    const std::size_t taken = take_lines(*text, is_end, piece);
    if (taken == 0) {
      break;
    }
    offset_ += taken;
  }
  piece.offset = offset_;
  return piece.is_ready || !piece.entries.empty() ? std::optional(std::move(piece)) : std::nullopt;
}

std::size_t StreamOutcomes::take_lines(std::string_view text, bool is_end, Piece& piece) {
  std::size_t taken = 0;
  while (taken < text.size() && piece.entries.size() < limits::kMaxStreamReport) {
    const std::string_view rest = text.substr(taken);
    const std::size_t newline = rest.find('\n');
    const bool has_end = newline != std::string_view::npos;
    if (!has_end && !is_end) {
      return rest.size() > limits::kMaxStreamLineBytes ? skip_line(text) : taken;
    }
    taken += has_end ? newline + 1 : rest.size();
    take_whole_line(rest.substr(0, newline), piece);
  }
  return taken;
}

std::size_t StreamOutcomes::skip_line(std::string_view text) {
  is_in_long_line_ = true;
  return text.size();
}

void StreamOutcomes::take_whole_line(std::string_view line, Piece& piece) {
  ++lines_;
  if (std::exchange(is_in_long_line_, false) || line.size() > limits::kMaxStreamLineBytes) {
    note("is longer than " + std::to_string(limits::kMaxStreamLineBytes >> 10) + " KiB");
  } else {
    take_line(line, piece);
  }
}

void StreamOutcomes::take_line(std::string_view line, Piece& piece) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
    return;
  }
  json::error_code error;
  const json::value value = json::parse({line.data(), line.size()}, error);
  if (error || !value.is_object()) {
    note("is no JSON object");
    return;
  }
  const json::object& object = value.get_object();
  if (is_true(object, "ready")) {
    piece.is_ready = true;
    return;
  }
  const json::value* index = object.if_contains("index");
  const json::value* is_success = object.if_contains("ok");
  const bool has_both =
      index != nullptr && index->is_int64() && is_success != nullptr && is_success->is_bool();
  if (!has_both) {
    note("has no `index` (a number) and `ok` (true or false)");
    return;
  }
  const std::int64_t number = index->get_int64();
  if (number < 0 || std::cmp_greater(number, UINT32_MAX) ||
      open_.erase(static_cast<std::uint32_t>(number)) == 0) {
    note("speaks of index " + std::to_string(number) +
         ", which this process was not given or has spoken of before");
    return;
  }
  const bool is_ok = is_success->get_bool();
  piece.entries.push_back({.index = static_cast<std::uint32_t>(number),
                           .is_success = is_ok,
                           .error = is_ok ? std::string() : error_text(object)});
}

void StreamOutcomes::note(const std::string& why) {
  if (noted_++ < kMaxNotes) {
    notes_.push_back("line " + std::to_string(lines_) + " of its outcomes " + why);
  }
}

std::vector<std::string> StreamOutcomes::take_notes() {
  return std::exchange(notes_, {});
}

}  // namespace sheaf::session
