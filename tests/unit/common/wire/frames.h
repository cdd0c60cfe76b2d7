// What the frames of the tests hold.
#pragma once

#include <string>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/attempt.h"
#include "common/wire/frame.h"

namespace sheaf::wire {

inline FrameHeader a_header() {
  return {.version = 1, .epoch = 7, .session = 70'001, .sequence = 42};
}

/// Every field set.
inline model::AttemptSpec a_spec() {
  return {
      .attempt = AttemptId{kMaxPublicId},
      .run = RunId{11},
      .job = JobId{12},
      .job_name = "wine",
      .task_key = "tr\xC3\xA4in",
      .attempt_number = 2,
      .fence = 1'234'567'890'123,
      .arguments = {"python", "", "--alpha=0.5", std::string("nul\0inside", 10)},
      .is_python = true,
      .env = {{"B", "2"}, {"A", ""}},
      .environment = model::EnvironmentSettings{.environment_key = "default",
                                                .environment_version = "3",
                                                .dependencies = {"scikit-learn==1.5.2", "mlflow"}},
      .manifest_digest = "ab12",
      .file_path = "/Workspace/Users/ann/.bundle/wine/dev/files",
      .timeout = Milliseconds{2'000},
      .gpus = {0, 5},
      .stream = {{.index = 0, .json = "1"}, {.index = 999'999, .json = "{\"a\": null}"}}};
}

}  // namespace sheaf::wire
