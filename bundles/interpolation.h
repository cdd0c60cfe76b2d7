// `${…}` references: `bundle.*`, `workspace.*`, `var.*` and what else the configuration holds. A
// path whose first word is none of these is no reference and stays as it is.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// One `${a.b[0].c}` in a text.
struct ConfigurationReference {
  std::string path;        ///< "a.b[0].c".
  std::size_t offset = 0;  ///< Of the "$", bytes.
  std::size_t length = 0;  ///< Up to and with "}".
};

/// All references of `text`, in order; what only looks like one is left out.
[[nodiscard]] std::vector<ConfigurationReference> find_references(std::string_view text);

/// What happens to references to what a deployment makes: `${resources.…}` and `${artifacts.…}`.
enum class DeployedReferences {
  kStay,    ///< As they are written: names of jobs are not what they will be yet.
  kResolve  ///< As far as the configuration tells; all else is an error.
};

/// Resolves references against one configuration. A reference that stands alone takes the value's
/// kind; within a text it becomes text. What cannot be resolved is reported once where it stands,
/// stays as written and is marked `is_unresolved`. `${resources.jobs.<key>.id}` as the job_id of a
/// run_job_task stays as written too, since only the scheduler knows ids; the job must be there.
class Interpolator {
 public:
  /// `configuration` must not change while the interpolator lives; its own references may still be
  /// unresolved.
  Interpolator(const Value& configuration,
               Findings& findings,
               DeployedReferences deployed = DeployedReferences::kResolve)
      : configuration_(configuration), findings_(findings), deployed_(deployed) {}

  /// Resolves all references in `value`, which stands at `path`.
  void resolve(Value& value, const std::string& path);

 private:
  void resolve_text(Value& value, const std::string& path);
  bool stays_as_job_id(const ConfigurationReference& reference,
                       Value& user,
                       const std::string& path);
  void take_whole(Value& value, const Value& target);
  std::optional<std::string> text_of(const Value& user,
                                     const ConfigurationReference& reference,
                                     const std::string& path);
  const Value* fetch(const ConfigurationReference& reference,
                     const Value& user,
                     const std::string& path);
  std::optional<Value> look_up(const ConfigurationReference& reference,
                               const Value& user,
                               const std::string& path);
  void report_cycle(const std::string& reference, const Value& user, const std::string& path);
  [[nodiscard]] std::vector<ConfigurationReference> references_in(const std::string& text) const;
  void report(std::string summary, std::string cure, const Value& user, const std::string& path);

  const Value& configuration_;
  Findings& findings_;
  DeployedReferences deployed_;
  /// Resolved targets by reference path; empty optionals failed and were reported.
  std::map<std::string, std::optional<Value>> resolved_;
  std::vector<std::string> stack_;
  std::size_t nodes_ = 0;
  std::size_t unknown_ = 0;
  bool is_exhausted_ = false;
};

}  // namespace sheaf::bundles
