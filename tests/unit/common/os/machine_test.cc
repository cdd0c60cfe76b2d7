#include "common/os/machine.h"

#include <gtest/gtest.h>

#include "common/os/file.h"

namespace sheaf::os {
namespace {

TEST(Machine, HasTheMemoryAndTheDevicesThatTheKernelNames) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "machine_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "dev");
  ASSERT_TRUE(replace_file(folder / "meminfo", "MemTotal:       16384 kB\nMemFree:  1 kB\n"));
  for (const char* name : {"nvidia10", "nvidia2", "nvidia0", "nvidiactl", "nvidia-uvm", "null"}) {
    ASSERT_TRUE(replace_file(folder / "dev" / name, ""));
  }
  const auto machine =
      detect_machine({.memory_file = folder / "meminfo", .device_folder = folder / "dev"});
  EXPECT_EQ(machine.memory_bytes, 16'384 * 1'024);
  EXPECT_EQ(machine.gpus, (std::vector<std::uint32_t>{0, 2, 10}));
  EXPECT_GE(machine.cpu_millis, 1'000);
}

TEST(Machine, WhatCannotBeReadIsNotThere) {
  const auto machine = detect_machine({.memory_file = "/nowhere", .device_folder = "/nowhere"});
  EXPECT_EQ(machine.memory_bytes, 0);
  EXPECT_TRUE(machine.gpus.empty());
}

}  // namespace
}  // namespace sheaf::os
