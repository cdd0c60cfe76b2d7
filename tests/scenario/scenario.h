// A scenario file: blocks of one command (indented lines belong to it), `----`, and what the core
// said: events, effects, the reply. Blocks are parted by empty lines; `#` begins a comment line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace sheaf::scenario {

struct Block {
  std::vector<std::string> comments;  ///< Lines before the command, kept by a rewrite.
  std::string command;
  std::vector<std::string> details;  ///< Indented lines, their indentation kept.
  std::string expected;
  std::size_t line = 0;  ///< Of the command.
};

/// Fails with the line at which the text is not a scenario.
[[nodiscard]] Result<std::vector<Block>> parse(const std::string& text);

[[nodiscard]] std::string render(const std::vector<Block>& blocks);

}  // namespace sheaf::scenario
