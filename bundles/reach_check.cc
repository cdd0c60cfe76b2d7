#include "bundles/reach_check.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace sheaf::bundles {

namespace {

using model::ConditionOperator;

// Outcomes that conditions must have, by the index of their task.
using Outcomes = std::map<std::size_t, bool>;

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

// The outcome of comparing two constants; nothing when they are no numbers and should be.
std::optional<bool> compare(ConditionOperator op,
                            const std::string& left,
                            const std::string& right) {
  if (op == ConditionOperator::kEqualTo) {
    return left == right;
  }
  if (op == ConditionOperator::kNotEqual) {
    return left != right;
  }
  const std::optional<double> first = number_of(left);
  const std::optional<double> second = number_of(right);
  if (!first || !second) {
    return std::nullopt;
  }
  switch (op) {
    case ConditionOperator::kGreaterThan:
      return *first > *second;
    case ConditionOperator::kGreaterThanOrEqual:
      return *first >= *second;
    case ConditionOperator::kLessThan:
      return *first < *second;
    case ConditionOperator::kLessThanOrEqual:
      return *first <= *second;
    case ConditionOperator::kEqualTo:
    case ConditionOperator::kNotEqual:
      break;
  }
  return std::nullopt;
}

bool is_constant(const Value& operand) {
  return !operand.is_interpolated && !operand.is_unresolved &&
         operand.text.find("{{") == std::string::npos;
}

class Reach {
 public:
  Reach(const Value& job,
        const model::JobSettings& settings,
        const std::string& path,
        Findings& findings)
      : job_(job), tasks_(settings.tasks), path_(path), findings_(findings) {
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      index_.emplace(tasks_[i].task_key, i);
    }
  }

  void run() {
    never_.assign(tasks_.size(), false);
    needed_.assign(tasks_.size(), {});
    for (const std::size_t task : in_order()) {
      judge(task);
    }
  }

 private:
  // Upstream tasks first; tasks on and behind cycles are left out, they have been reported.
  [[nodiscard]] std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> open(tasks_.size(), 0);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      open[i] = tasks_[i].depends_on.size();
      if (open[i] == 0) {
        order.push_back(i);
      }
    }
    const std::vector<std::vector<std::size_t>> dependents = dependents_of_all();
    for (std::size_t next = 0; next < order.size(); ++next) {
      for (const std::size_t dependent : dependents[order[next]]) {
        if (--open[dependent] == 0) {
          order.push_back(dependent);
        }
      }
    }
    return order;
  }

  [[nodiscard]] std::vector<std::vector<std::size_t>> dependents_of_all() const {
    std::vector<std::vector<std::size_t>> dependents(tasks_.size());
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      for (const model::Dependency& dependency : tasks_[i].depends_on) {
        const auto upstream = index_.find(dependency.task_key);
        if (upstream != index_.end()) {
          dependents[upstream->second].push_back(i);
        }
      }
    }
    return dependents;
  }

  void judge(std::size_t task) {
    const model::TaskSettings& settings = tasks_[task];
    const std::vector<model::Dependency>& dependencies = settings.depends_on;
    const auto dead = std::ranges::count_if(
        dependencies, [this](const model::Dependency& dependency) { return is_dead(dependency); });
    const bool is_cut_off =
        !dependencies.empty() && dead == static_cast<std::ptrdiff_t>(dependencies.size());
    const bool wants_all_failed = settings.run_if == model::RunIf::kAllFailed;
    never_[task] = settings.disabled || is_cut_off ||
                   (wants_all_failed && (dead > 0 || exclude_each_other(dependencies)));
    if (dependencies.size() == 1) {
      needed_[task] = needed_through(dependencies.front());
    }
    if (never_[task] && !settings.disabled) {
      report(task, is_cut_off);
    }
  }

  [[nodiscard]] std::size_t upstream_of(const model::Dependency& dependency) const {
    return index_.find(dependency.task_key)->second;
  }

  bool is_dead(const model::Dependency& dependency) {
    const std::size_t upstream = upstream_of(dependency);
    const std::optional<bool> outcome =
        dependency.outcome ? constant_outcome(upstream) : std::nullopt;
    return never_[upstream] || (outcome && *outcome != *dependency.outcome);
  }

  [[nodiscard]] std::optional<bool> constant_outcome(std::size_t task) const {
    const auto* condition = std::get_if<model::ConditionTask>(&tasks_[task].action);
    const std::string block = item_path("tasks", task) + ".condition_task.";
    if (condition == nullptr || !is_constant(*follow(job_, block + "left").value) ||
        !is_constant(*follow(job_, block + "right").value)) {
      return std::nullopt;
    }
    return compare(condition->op, condition->left, condition->right);
  }

  [[nodiscard]] Outcomes needed_through(const model::Dependency& dependency) const {
    const std::size_t upstream = upstream_of(dependency);
    Outcomes needed = needed_[upstream];
    if (dependency.outcome) {
      needed[upstream] = *dependency.outcome;
    }
    return needed;
  }

  [[nodiscard]] bool exclude_each_other(const std::vector<model::Dependency>& dependencies) const {
    Outcomes all;
    return std::ranges::any_of(dependencies, [&](const model::Dependency& dependency) {
      return std::ranges::any_of(needed_through(dependency), [&all](const auto& needed) {
        return all.insert(needed).first->second != needed.second;
      });
    });
  }

  void report(std::size_t task, bool is_cut_off) {
    const std::string task_path = item_path("tasks", task);
    const Value* run_if = find(*follow(job_, task_path).value, "run_if");
    const Value* depends_on = find(*follow(job_, task_path).value, "depends_on");
    const Value* cause = is_cut_off || run_if == nullptr ? depends_on : run_if;
    findings_.warning(
        {.summary = "the task \"" + tasks_[task].task_key + "\" never runs: " +
                    (is_cut_off ? "nothing that it depends on can lead to it"
                                : "not all that it depends on can fail"),
         .detail = is_cut_off ? "Disabled tasks and branches that are not taken lead nowhere."
                              : "Use AT_LEAST_ONE_FAILED: excluded tasks do not fail."},
        member_path(path_, task_path),
        cause == nullptr ? std::vector<Location>{job_.place} : places_of(*cause));
  }

  const Value& job_;
  const std::vector<model::TaskSettings>& tasks_;
  const std::string& path_;
  Findings& findings_;
  std::map<std::string, std::size_t> index_;
  std::vector<bool> never_;
  /// Of tasks with one dependency; those with more run on one branch or the other.
  std::vector<Outcomes> needed_;
};

}  // namespace

void check_reach(const Value& job,
                 const model::JobSettings& settings,
                 const std::string& path,
                 Findings& findings) {
  Reach(job, settings, path, findings).run();
}

}  // namespace sheaf::bundles
