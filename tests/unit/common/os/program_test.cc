#include "common/os/program.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace sheaf::os {
namespace {

TEST(RunProgram, CollectsBothStreamsAndTheStatus) {
  const auto result = run_program(
      {.command = {"sh", "-c", "echo out; echo err >&2; exit 3"}, .folder = {}, .environment = {}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_status, 3);
  EXPECT_EQ(result->standard_output, "out\n");
  EXPECT_EQ(result->standard_error, "err\n");
}

TEST(RunProgram, RunsInTheFolderWithTheChangedEnvironment) {
  const auto result = run_program({.command = {"sh", "-c", "pwd; echo ${ADDED}${HOME-none}"},
                                   .folder = "/",
                                   .environment = {"ADDED=yes ", "HOME"}});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->standard_output, "/\nyes none\n");
}

TEST(RunProgram, SaysThatAProgramIsMissing) {
  const auto result =
      run_program({.command = {"no-such-program-here"}, .folder = {}, .environment = {}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
}

TEST(RunProgram, KillsWhatTakesTooLong) {
  const auto result = run_program({.command = {"cat", "/dev/zero"},
                                   .folder = {},
                                   .environment = {},
                                   .time_limit = std::chrono::milliseconds(1),
                                   .max_output_bytes = std::size_t{1} << 40});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
}

TEST(RunProgram, LimitsTheOutput) {
  const auto result = run_program({.command = {"cat", "/dev/zero"},
                                   .folder = {},
                                   .environment = {},
                                   .max_output_bytes = 1'000});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kExhausted);
}

TEST(RunProgram, TellsOfASignal) {
  const auto result =
      run_program({.command = {"sh", "-c", "kill -9 $$"}, .folder = {}, .environment = {}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_status, 137);
}

}  // namespace
}  // namespace sheaf::os
