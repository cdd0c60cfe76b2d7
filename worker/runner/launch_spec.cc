#include "worker/runner/launch_spec.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <unistd.h>

#include "worker/shim/contract.h"

namespace sheaf::runner {

namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

// Fields, each ended by NUL; remembers the first that holds a NUL itself.
class SpecWriter {
 public:
  SpecWriter() { append(kShimSpecMagic); }

  void add(std::string_view key, std::string_view value) {
    if (value.find('\0') != std::string_view::npos && rejected_.empty()) {
      rejected_ = key;
    }
    text_.append(key).append("=");
    append(value);
  }

  void add(std::string_view key, Milliseconds duration) {
    add(key, std::to_string(std::max(duration, Milliseconds::zero()).count()));
  }

  void add_variable(const Environment::value_type& variable) {
    std::string assignment = variable.first;
    assignment.append("=").append(variable.second);
    add("env", assignment);
  }

  Result<std::string> finish() {
    append(kShimEnd);
    if (!rejected_.empty()) {
      return fail(ErrorCode::kInvalid,
                  "a NUL byte cannot be passed to a process ('" + rejected_ + "')");
    }
    if (text_.size() > kShimMaxSpecBytes) {
      return fail(ErrorCode::kExhausted, "arguments and environment are too large");
    }
    return std::move(text_);
  }

 private:
  void append(std::string_view field) {
    text_.append(field);
    text_.push_back('\0');
  }

  std::string text_;
  std::string rejected_;
};

std::string_view to_text(SyncPolicy policy) {
  switch (policy) {
    case SyncPolicy::kNever:
      return "never";
    case SyncPolicy::kWorthwhile:
      return "worthwhile";
    case SyncPolicy::kAlways:
      return "always";
  }
  return "worthwhile";
}

Result<void> check(const LaunchSpec& spec) {
  if (!spec.attempt.is_valid()) {
    return fail(ErrorCode::kInvalid, "an attempt needs an id");
  }
  if (spec.argv.empty() || spec.argv.front().empty()) {
    return fail(ErrorCode::kInvalid, "there is no program to run");
  }
  for (const auto& [name, value] : spec.env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return fail(ErrorCode::kInvalid, "'" + name + "' cannot name an environment variable");
    }
  }
  return {};
}

void add_environment(SpecWriter& writer, const LaunchSpec& spec, const AttemptFolder& folder) {
  Environment own = attempt_environment(folder);
  if (!spec.stream_input.empty()) {
    std::ranges::move(stream_environment(folder), std::back_inserter(own));
  }
  for (const auto& variable : own) {
    writer.add_variable(variable);
  }
  for (const auto& variable : spec.env) {
    if (std::ranges::find(own, variable.first, &Environment::value_type::first) == own.end()) {
      writer.add_variable(variable);
    }
  }
}

// Two workers of one machine may run attempts of equal ids: the agent's pid keeps them apart.
std::string cgroup_name(AttemptId attempt) {
  return "sheaf-" + to_string(attempt) + "-" + std::to_string(::getpid());
}

}  // namespace

Environment attempt_environment(const AttemptFolder& folder) {
  return {{"SHEAF_ATTEMPT_ID", to_string(folder.attempt)},
          {"SHEAF_TASK_VALUES", folder.values_file().string()},
          {"TMPDIR", folder.temporary_folder().string()}};
}

Environment stream_environment(const AttemptFolder& folder) {
  return {{"SHEAF_STREAM_INPUT", folder.stream_input_file().string()},
          {"SHEAF_STREAM_OUTPUT", folder.stream_output_file().string()}};
}

Result<std::string> encode_spec(const LaunchSpec& spec,
                                const AttemptFolder& folder,
                                std::string_view boot_id,
                                const std::optional<os::CgroupParent>& cgroups) {
  if (auto checked = check(spec); !checked) {
    return fail(checked.error());
  }
  SpecWriter writer;
  writer.add("attempt", to_string(spec.attempt));
  writer.add("boot_id", boot_id);
  writer.add("working_folder", spec.working_folder.native());
  writer.add("values", folder.values_file().lexically_relative(folder.path).native());
  writer.add("timeout_ms", spec.timeout);
  writer.add("kill_grace_ms", spec.kill_grace);
  writer.add("tree_wait_ms", spec.tree_wait);
  writer.add("sync", to_text(spec.sync));
  if (cgroups) {
    writer.add("cgroup", (cgroups->path / cgroup_name(spec.attempt)).native());
  }
  for (const std::string& argument : spec.argv) {
    writer.add("arg", argument);
  }
  add_environment(writer, spec, folder);
  return writer.finish();
}

std::optional<std::string> find_spec_field(std::string_view spec_document, std::string_view key) {
  using std::string_view_literals::operator""sv;
  const std::string start = '\0' + std::string(key) + '=';
  const auto begin = spec_document.find(start);
  if (begin == std::string_view::npos || !spec_document.ends_with("\0end\0"sv)) {
    return std::nullopt;
  }
  const auto value = spec_document.substr(begin + start.size());
  return std::string(value.substr(0, value.find('\0')));
}

}  // namespace sheaf::runner
