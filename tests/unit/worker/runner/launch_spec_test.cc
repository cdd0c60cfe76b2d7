#include "worker/runner/launch_spec.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "worker/shim/contract.h"

namespace sheaf::runner {
namespace {

using std::string_literals::operator""s;

const AttemptFolder kFolder{.attempt = {7}, .path = "/attempts/7"};

LaunchSpec a_spec() {
  LaunchSpec spec;
  spec.attempt = {7};
  spec.argv = {"true"};
  spec.working_folder = "/";
  return spec;
}

ErrorCode refusal(const LaunchSpec& spec) {
  const auto encoded = encode_spec(spec, kFolder, "boot", std::nullopt);
  EXPECT_FALSE(encoded);
  return encoded ? ErrorCode::kInternal : encoded.error().code;
}

TEST(EncodeSpec, WritesTheContractsFormat) {
  LaunchSpec spec = a_spec();
  spec.timeout = Milliseconds(1'500);
  spec.env = {{"A", "b=c"}};
  EXPECT_EQ(
      encode_spec(spec, kFolder, "boot", std::nullopt).value(),
      "sheaf-shim-spec "
      "1\0attempt=7\0boot_id=boot\0working_folder=/\0values=task/values\0timeout_ms=1500\0"
      "kill_grace_ms=5000\0tree_wait_ms=120000\0sync=worthwhile\0arg=true\0"
      "env=SHEAF_ATTEMPT_ID=7\0"
      "env=SHEAF_TASK_VALUES=/attempts/7/task/values\0env=TMPDIR=/attempts/7/task/tmp\0env=A=b=c\0"
      "end\0"s);
}

TEST(EncodeSpec, NamesTheCgroupAfterAttemptAndAgent) {
  const os::CgroupParent parent{.path = "/cg", .can_kill = true};
  const std::string text = encode_spec(a_spec(), kFolder, "boot", parent).value();
  const std::string name = "sheaf-7-" + std::to_string(::getpid());
  EXPECT_NE(text.find("\0cgroup=/cg/"s + name + "\0"s), std::string::npos);
}

TEST(EncodeSpec, RefusesWhatNoProcessCanBeGiven) {
  LaunchSpec spec = a_spec();
  spec.argv = {};
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec = a_spec();
  spec.argv.push_back("a\0b"s);
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec = a_spec();
  spec.env = {{"A", "\0"s}};
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec.env = {{"", "x"}};
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec.env = {{"A=B", "x"}};
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec = a_spec();
  spec.attempt = {};
  EXPECT_EQ(refusal(spec), ErrorCode::kInvalid);
  spec = a_spec();
  spec.argv.emplace_back(std::size_t{kShimMaxSpecBytes}, 'x');
  EXPECT_EQ(refusal(spec), ErrorCode::kExhausted);
}

TEST(FindSpecField, ReadsWholeDocumentsOnly) {
  const std::string text = encode_spec(a_spec(), kFolder, "boot", std::nullopt).value();
  EXPECT_EQ(find_spec_field(text, "boot_id"), "boot");
  EXPECT_EQ(find_spec_field(text, "cgroup"), std::nullopt);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(find_spec_field(text.substr(0, size), "boot_id"), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace sheaf::runner
