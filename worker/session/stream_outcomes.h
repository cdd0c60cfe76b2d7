// The files of a stream's process: its inputs as text, and its outcomes as they are written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/attempt.h"

namespace sheaf::session {

/// The lines of SHEAF_STREAM_INPUT: `{"index": 0, "input": …}` for each.
[[nodiscard]] std::string stream_input_text(const std::vector<model::StreamInput>& inputs);

/// Follows a SHEAF_STREAM_OUTPUT file: lines `{"index": 0, "ok": true}` with an optional `error`,
/// and `{"ready": true}`. The first outcome of an index counts. Lines that are none are noted and
/// passed over: what they would have said is missing, and the scheduler knows what to do then.
/// Threads: one.
class StreamOutcomes {
 public:
  StreamOutcomes(std::filesystem::path file, const std::vector<model::StreamInput>& inputs);

  struct Piece {
    std::uint64_t offset = 0;  ///< Behind the last line that is in it.
    bool is_ready = false;
    std::vector<model::StreamOutcome> entries;  ///< At most kMaxStreamReport.
  };

  /// Whether the process is gone: then a last line counts that has no end.
  enum class Writer { kRuns, kIsGone };
  /// What was written since; nothing when that is no whole line, or none that says anything.
  [[nodiscard]] std::optional<Piece> read(Writer writer);

  /// The first lines that were passed over, and why, since the last call.
  [[nodiscard]] std::vector<std::string> take_notes();

 private:
  [[nodiscard]] std::size_t take_lines(std::string_view text, bool is_end, Piece& piece);
  /// The end of a line that is too long is still to come; returns what is passed over.
  [[nodiscard]] std::size_t skip_line(std::string_view text);
  void take_whole_line(std::string_view line, Piece& piece);
  void take_line(std::string_view line, Piece& piece);
  void note(const std::string& why);

  std::filesystem::path file_;
  std::set<std::uint32_t> open_;  ///< Indices without an outcome.
  std::uint64_t offset_ = 0;
  std::uint64_t lines_ = 0;
  std::size_t noted_ = 0;
  bool is_in_long_line_ = false;
  std::vector<std::string> notes_;
};

}  // namespace sheaf::session
