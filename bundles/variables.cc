#include "bundles/variables.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bundles/utf8.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

class Assignment {
 public:
  Assignment(Value& variables, const VariableSources& sources, Findings& findings)
      : variables_(variables), sources_(sources), findings_(findings) {}

  void run() {
    const std::vector<std::string> declared = keys_of(variables_);
    for (const auto& [name, text] : sources_.arguments) {
      if (std::ranges::find(declared, name) == declared.end()) {
        findings_.error({.summary = "--var " + name + ": the variable \"" + name +
                                    "\" is not declared" + model::did_you_mean(name, declared),
                         .detail = "Declare it under `variables` of the bundle."},
                        "variables." + name,
                        {});
      }
    }
    for (Member& variable : variables_.members) {
      assign(variable);
    }
  }

 private:
  void assign(Member& variable) {
    normalise(variable.value);
    const std::string path = "variables." + variable.key;
    std::optional<Value> value = outside_value(variable, path);
    if (!value) {
      const Value* otherwise = find(variable.value, "default");
      if (otherwise != nullptr) {
        value = *otherwise;
      }
    }
    if (value) {
      put(variable.value, "value", std::move(*value));
    } else if (find(variable.value, "lookup") == nullptr) {
      findings_.error({.summary = "no value assigned to required variable \"" + variable.key + "\"",
                       .detail = "Give it a default, set it in the target, or pass --var " +
                                 variable.key + "=<value> or BUNDLE_VAR_" + variable.key + "."},
                      path,
                      {variable.key_place});
    }
  }

  // `name: text` and `name:` are short for a declaration.
  static void normalise(Value& variable) {
    if (variable.is_map()) {
      return;
    }
    Value declaration = make_map(variable.place);
    if (!variable.is_null()) {
      put(declaration, "default", std::move(variable));
    }
    variable = std::move(declaration);
  }

  std::optional<Value> outside_value(const Member& variable, const std::string& path) {
    const bool is_complex = text_at(variable.value, "type") == "complex";
    std::optional<std::string> text;
    std::string origin;
    for (const auto& [name, argument] : sources_.arguments) {
      if (name == variable.key) {
        text = argument;
        origin = "--var " + name;
      }
    }
    const auto found = sources_.environment.find("BUNDLE_VAR_" + variable.key);
    if (!text && found != sources_.environment.end()) {
      text = found->second;
      origin = found->first;
    }
    if (text && is_complex) {
      findings_.error({.summary = origin + ": a complex variable takes no text",
                       .detail = "Set it in the target, or in "
                                 ".databricks/bundle/<target>/variable-overrides.json."},
                      path,
                      {variable.key_place});
      return std::nullopt;
    }
    if (text && !is_utf8(*text)) {
      findings_.error({.summary = origin + ": the text is not UTF-8", .detail = ""},
                      path,
                      {variable.key_place});
      return std::nullopt;
    }
    if (text) {
      return make_string(*text);
    }
    const Value* overridden = find(sources_.override_file, variable.key);
    return overridden == nullptr ? std::nullopt : std::optional(*overridden);
  }

  Value& variables_;
  const VariableSources& sources_;
  Findings& findings_;
};

}  // namespace

void assign_variables(Value& configuration, const VariableSources& sources, Findings& findings) {
  Value* variables = find(configuration, "variables");
  if (variables == nullptr) {
    variables = &put(configuration, "variables", make_map());
  }
  if (!variables->is_map()) {
    findings.error({.summary = "`variables` is a map of declarations", .detail = ""},
                   "variables",
                   {variables->place});
    return;
  }
  Assignment(*variables, sources, findings).run();
}

}  // namespace sheaf::bundles
