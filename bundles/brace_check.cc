#include "bundles/brace_check.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/model/references.h"

namespace sheaf::bundles {

namespace {

constexpr std::array<std::string_view, 6> kNamespaces = {
    "job", "task", "tasks", "input", "backfill", "workspace"};
/// No reference is longer.
constexpr std::size_t kMaxPieceBytes = 1'100;
constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kMaxPieces = 10;

bool begins_like_a_reference(std::string_view content) {
  content.remove_prefix(std::min(content.find_first_not_of(" \t"), content.size()));
  const std::size_t dot = content.find('.');
  return dot != std::string_view::npos &&
         std::ranges::find(kNamespaces, content.substr(0, dot)) != kNamespaces.end();
}

// Up to where it seems to end, and not too much for a line; whole characters only.
std::string shown(std::string_view piece) {
  std::size_t end = piece.find('}');
  end = end == std::string_view::npos ? piece.find('\n') : end + 1;
  if (end != std::string_view::npos && end < piece.size() && piece[end] == '}') {
    ++end;
  }
  end = std::min({end, piece.size(), kShownBytes});
  while (end > 0 && end < piece.size() &&
         (static_cast<unsigned char>(piece[end]) & 0xC0U) == 0x80) {
    --end;
  }
  return std::string(piece.substr(0, end));
}

// How far the braces at the front of `piece` reach; adds them to `pieces` if they are malformed.
std::size_t judge(std::string_view piece, std::vector<std::string>& pieces) {
  if (!begins_like_a_reference(piece.substr(2))) {
    return 1;
  }
  const auto references = model::parse_references(piece);
  if (!references) {
    return 1;
  }
  if (!references->empty() && references->front().offset == 0) {
    return references->front().length;
  }
  pieces.push_back(shown(piece));
  return 1;
}

void check_texts(const Value& value, const std::string& path, Findings& findings) {
  if (value.kind == Kind::kString && !value.is_unresolved) {
    for (const std::string& piece : malformed_braces(value.text)) {
      findings.warning(
          {.summary = "\"" + piece + "\" is no reference and stays as it is written",
           .detail = "A reference is names with dots between them, in two braces at each end: "
                     "{{job.run_id}}. Names with other characters stand in backticks."},
          path,
          places_of(value));
    }
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    check_texts(value.items[i], item_path(path, i), findings);
  }
  for (const Member& member : value.members) {
    check_texts(member.value, member_path(path, member.key), findings);
  }
}

}  // namespace

std::vector<std::string> malformed_braces(std::string_view text) {
  std::vector<std::string> pieces;
  std::size_t at = text.find("{{");
  while (at != std::string_view::npos && pieces.size() < kMaxPieces) {
    at = text.find("{{", at + judge(text.substr(at, kMaxPieceBytes), pieces));
  }
  return pieces;
}

void check_braces(const Value& job, const std::string& path, Findings& findings) {
  for (const char* section : {"tasks", "parameters"}) {
    if (const Value* value = find(job, section)) {
      check_texts(*value, member_path(path, section), findings);
    }
  }
}

}  // namespace sheaf::bundles
