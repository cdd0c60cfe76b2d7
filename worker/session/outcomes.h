// From the runner's records to what is reported: outcomes, values, the last line of an error. Reads
// small files of the attempt; changes nothing.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/attempt.h"
#include "worker/runner/runner.h"

namespace sheaf::session {

/// An attempt's end with the values that go with it.
struct EndedAttempt {
  model::AttemptOutcome outcome;
  std::vector<model::TaskValue> values;
};

/// What an inspection of an attempt that is over says.
/// REQUIRES: its state is kFinished, kShimDied, kRebooted or kNeverRan.
[[nodiscard]] EndedAttempt read_end(const runner::AttemptFolder& folder,
                                    const runner::Inspection& inspection);

/// The values in the text of a SHEAF_TASK_VALUES file: lines `key=json`; the last of a key wins. A
/// line that is none fails with its number.
[[nodiscard]] Result<std::vector<model::TaskValue>> parse_values(std::string_view text);

/// The last line of `text` that is not blank, clipped.
[[nodiscard]] std::string last_line(std::string_view text);

}  // namespace sheaf::session
