#include "tests/scenario/scenario.h"

#include <sstream>

namespace sheaf::scenario {
namespace {

constexpr const char* kDivider = "----";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

Result<std::vector<Block>> parse(const std::string& text) {
  const std::vector<std::string> lines = lines_of(text);
  std::vector<Block> blocks;
  std::size_t at = 0;
  while (at < lines.size()) {
    Block block;
    for (; at < lines.size() && (lines[at].empty() || lines[at][0] == '#'); ++at) {
      block.comments.push_back(lines[at]);
    }
    if (at == lines.size()) {
      break;
    }
    block.command = lines[at];
    block.line = ++at;
    for (; at < lines.size() && lines[at].starts_with(' '); ++at) {
      block.details.push_back(lines[at]);
    }
    if (at == lines.size() || lines[at] != kDivider) {
      return fail(ErrorCode::kInvalid, "line " + std::to_string(at + 1) + ": `----` is missing");
    }
    for (++at; at < lines.size() && !lines[at].empty(); ++at) {
      block.expected += lines[at] + "\n";
    }
    blocks.push_back(std::move(block));
  }
  return blocks;
}

std::string render(const std::vector<Block>& blocks) {
  std::string text;
  for (const Block& block : blocks) {
    for (const std::string& comment : block.comments) {
      text += comment + "\n";
    }
    text += block.command + "\n";
    for (const std::string& detail : block.details) {
      text += detail + "\n";
    }
    text += std::string(kDivider) + "\n" + block.expected;
  }
  return text;
}

}  // namespace sheaf::scenario
