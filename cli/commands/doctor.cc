// `sheaf doctor`: what of a bundle runs here as it is, and what the rest needs; speaks to nobody.
#include <algorithm>
#include <array>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/diagnostic_text.h"
#include "bundles/examination.h"
#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"

namespace sheaf::cli {
namespace {

using bundles::Reason;
using bundles::Verdict;

std::string place_text(const Reason& reason) {
  if (reason.place.file.empty()) {
    return "-";
  }
  return printable(reason.place.file) +
         (reason.cell == 0 ? "" : ":cell " + std::to_string(reason.cell)) + ":" +
         std::to_string(reason.place.line);
}

boost::json::object place_json(const bundles::SourcePlace& place) {
  boost::json::object object{{"file", place.file}, {"line", place.line}};
  if (place.column != 0) {
    object["column"] = place.column;
  }
  return object;
}

boost::json::object reason_json(const Reason& reason) {
  boost::json::object object{{"verdict", bundles::to_string(reason.verdict)},
                             {"subject", reason.subject},
                             {"summary", reason.summary},
                             {"cure", reason.cure},
                             {"place", nullptr}};
  if (!reason.place.file.empty()) {
    boost::json::object place = place_json(reason.place);
    if (reason.cell != 0) {
      place["cell"] = reason.cell;
    }
    object["place"] = std::move(place);
  }
  return object;
}

boost::json::array reasons_json(const std::vector<Reason>& reasons) {
  boost::json::array all;
  for (const Reason& reason : reasons) {
    all.push_back(reason_json(reason));
  }
  return all;
}

/// Of a job or a task.
template <typename Examined>
boost::json::object verdict_json(const Examined& examined) {
  boost::json::object object{{"key", examined.key},
                             {"verdict", bundles::to_string(bundles::verdict_of(examined.reasons))},
                             {"text", bundles::verdict_text(examined.reasons)},
                             {"place", nullptr},
                             {"reasons", reasons_json(examined.reasons)}};
  if (!examined.place.file.empty()) {
    object["place"] = place_json(examined.place);
  }
  return object;
}

boost::json::object to_json(const bundles::LoadedBundle& bundle,
                            const bundles::Examination& examination) {
  boost::json::array findings;
  for (const bundles::Diagnostic& finding : examination.findings) {
    findings.push_back(boost::json::parse(bundles::to_json(finding)));
  }
  boost::json::array jobs;
  for (const bundles::JobExamination& job : examination.jobs) {
    boost::json::array tasks;
    for (const bundles::TaskExamination& task : job.tasks) {
      boost::json::object object = verdict_json(task);
      object["kind"] = task.kind;
      tasks.push_back(std::move(object));
    }
    boost::json::object object = verdict_json(job);
    object["tasks"] = std::move(tasks);
    jobs.push_back(std::move(object));
  }
  return {{"bundle", bundle.name},
          {"target", bundle.target},
          {"runs", examination.is_runnable()},
          {"findings", std::move(findings)},
          {"jobs", std::move(jobs)}};
}

class Report {
 public:
  explicit Report(const bundles::Examination& examination) {
    for (const bundles::JobExamination& job : examination.jobs) {
      if (!job.reasons.empty() || job.tasks.empty()) {
        add({printable(job.key), "-", "-", printable(bundles::verdict_text(job.reasons))},
            job.reasons);
      }
      for (const bundles::TaskExamination& task : job.tasks) {
        ++counts_[static_cast<std::size_t>(bundles::verdict_of(task.reasons))];
        add({printable(job.key),
             task.key.empty() ? "-" : printable(task.key),
             task.kind.empty() ? "-" : printable(task.kind),
             printable(bundles::verdict_text(task.reasons))},
            task.reasons);
      }
    }
  }

  [[nodiscard]] std::string text() const {
    if (table_.is_empty()) {
      return "";
    }
    return table_.text() + "\n" + cures_text() + counts_text() + "\n";
  }

 private:
  void add(const std::vector<std::string>& cells, const std::vector<Reason>& reasons) {
    const std::size_t lines = std::max<std::size_t>(reasons.size(), 1);
    for (std::size_t i = 0; i < lines; ++i) {
      std::vector<std::string> row = i == 0 ? cells : std::vector<std::string>(cells.size());
      row.push_back(i < reasons.size() ? place_text(reasons[i]) : "");
      row.push_back(i < reasons.size() ? printable(reasons[i].summary) : "");
      table_.add(std::move(row));
    }
    for (const Reason& reason : reasons) {
      note_cure(reason);
    }
  }

  void note_cure(const Reason& reason) {
    std::pair<std::string, std::string> cure(
        reason.subject.empty() || reason.verdict == Verdict::kRunsWithPackages
            ? (reason.subject.empty() ? reason.summary : "dependencies")
            : reason.subject,
        reason.cure);
    if (!reason.cure.empty() && std::ranges::find(cures_, cure) == cures_.end()) {
      cures_.push_back(std::move(cure));
    }
  }

  [[nodiscard]] std::string cures_text() const {
    std::string text;
    for (const auto& [subject, cure] : cures_) {
      text += "  " + printable(subject) + ": " + printable(cure) + "\n";
    }
    return text.empty() ? "" : "What to do:\n" + text + "\n";
  }

  [[nodiscard]] std::string counts_text() const {
    std::size_t all = 0;
    for (const std::size_t count : counts_) {
      all += count;
    }
    return std::to_string(all) + (all == 1 ? " task: " : " tasks: ") + std::to_string(counts_[0]) +
           " as it is, " + std::to_string(counts_[1]) + " with dependencies, " +
           std::to_string(counts_[2]) + " in need of something, " + std::to_string(counts_[3]) +
           " refused";
  }

  Table table_{{"JOB", "TASK", "KIND", "VERDICT", "WHERE", "WHY"}};
  std::vector<std::pair<std::string, std::string>> cures_;
  /// By Verdict.
  std::array<std::size_t, 4> counts_{};
};

class DoctorCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand(
        "doctor", "Says which tasks of a bundle run here, and what others need");
    app->add_option("BUNDLE", folder_, "Folder of the bundle, or below it");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    Invocation its = invocation;
    if (!folder_.empty()) {
      its.options.bundle = folder_;
    }
    auto bundle = load_bundle(its);
    if (!bundle) {
      return fail(bundle.error());
    }
    if (needs_a_target(its, *bundle)) {
      its.options.target = bundle->target_names.front();
      say("No target is the default one: looking at the first, " + its.options.target +
          ". Choose another with -t.");
      bundle = load_bundle(its);
      if (!bundle) {
        return fail(bundle.error());
      }
    }
    const bundles::Examination examination = bundles::examine_bundle(*bundle);
    if (its.wants_json()) {
      print_json(to_json(*bundle, examination));
    } else {
      bundle->diagnostics = examination.findings;
      say_findings(its, *bundle);
      print_report(*bundle, examination);
    }
    return examination.is_runnable() ? ExitStatus::kSuccess : ExitStatus::kRefused;
  }

 private:
  static bool needs_a_target(const Invocation& invocation, const bundles::LoadedBundle& bundle) {
    const auto is_set = [&invocation](const char* name) {
      return !invocation.surroundings.find(name).value_or("").empty();
    };
    return bundle.target.empty() && !bundle.target_names.empty() &&
           invocation.options.target.empty() && !is_set("DATABRICKS_BUNDLE_TARGET") &&
           !is_set("DATABRICKS_BUNDLE_ENV");
  }

  static void print_report(const bundles::LoadedBundle& bundle,
                           const bundles::Examination& examination) {
    std::string text;
    if (!bundle.name.empty()) {
      text += "Name: " + printable(bundle.name) + "\n";
    }
    if (!bundle.target.empty()) {
      text += "Target: " + printable(bundle.target) + "\n";
    }
    text += text.empty() ? "" : "\n";
    print(text + Report(examination).text());
  }

  std::string folder_;
};

}  // namespace

std::unique_ptr<Command> make_doctor_command() {
  return std::make_unique<DoctorCommand>();
}

}  // namespace sheaf::cli
