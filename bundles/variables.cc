#include "bundles/variables.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "bundles/utf8.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::array<std::string_view, 12> kLookups = {"alert",
                                                       "cluster",
                                                       "cluster_policy",
                                                       "dashboard",
                                                       "instance_pool",
                                                       "job",
                                                       "metastore",
                                                       "notification_destination",
                                                       "pipeline",
                                                       "query",
                                                       "service_principal",
                                                       "warehouse"};

class Assignment {
 public:
  Assignment(Value& variables, const VariableSources& sources, Findings& findings)
      : variables_(variables), sources_(sources), findings_(findings) {}

  void run() {
    const std::vector<std::string> declared = keys_of(variables_);
    check_overrides(declared);
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
  void check_overrides(const std::vector<std::string>& declared) {
    const Value& overrides = sources_.override_file;
    if (!overrides.is_map() && !overrides.is_null()) {
      findings_.error({.summary = "the file holds " + std::string(kind_word(overrides.kind)) +
                                  " instead of a map of variables",
                       .detail = ""},
                      "",
                      {overrides.place});
    }
    for (const Member& member : overrides.members) {
      if (std::ranges::find(declared, member.key) == declared.end()) {
        findings_.error({.summary = "the variable \"" + member.key + "\" is not declared" +
                                    model::did_you_mean(member.key, declared),
                         .detail = "Declare it under `variables` of the bundle."},
                        "variables." + member.key,
                        {member.key_place});
      }
    }
  }

  // What a declaration says of its values, and a look-up of what it asks for.
  void check_declaration(const Member& variable, const std::string& path) {
    const Value* type = find(variable.value, "type");
    const bool is_complex = type != nullptr && type->text == "complex";
    if (type != nullptr && !is_complex && type->text != "string") {
      warn("there is no type \"" + type->text + "\" of variables: write complex, or nothing",
           path + ".type",
           *type);
    }
    const Value* value = find(variable.value, "default");
    if (value != nullptr && !is_complex && (value->is_map() || value->is_list())) {
      warn("the variable holds " + std::string(kind_word(value->kind)) +
               " and is not declared with `type: complex`",
           path + ".default",
           *value);
    }
    const Value* lookup = find(variable.value, "lookup");
    if (lookup != nullptr && (!lookup->is_map() || lookup->members.size() != 1)) {
      warn("a look-up names one thing of one kind", path + ".lookup", *lookup);
    } else if (lookup != nullptr) {
      const std::string& kind = lookup->members.front().key;
      const std::vector<std::string> known(kLookups.begin(), kLookups.end());
      if (std::ranges::find(known, kind) == known.end()) {
        warn("there is no look-up of \"" + kind + "\"" + model::did_you_mean(kind, known),
             path + ".lookup." + kind,
             *lookup);
      }
    }
  }

  void warn(std::string summary, const std::string& path, const Value& value) {
    findings_.warning({.summary = std::move(summary), .detail = ""}, path, places_of(value));
  }

  void assign(Member& variable) {
    normalise(variable.value);
    const std::string path = "variables." + variable.key;
    check_declaration(variable, path);
    std::optional<Value> value = outside_value(variable, path);
    const bool is_looked_up = find(variable.value, "lookup") != nullptr;
    // A look-up comes before the file and the default: they do not answer for it.
    if (!value && !is_looked_up) {
      const Value* overridden = find(sources_.override_file, variable.key);
      const Value* found = overridden != nullptr ? overridden : find(variable.value, "default");
      value = found == nullptr ? std::nullopt : std::optional(*found);
    }
    if (value) {
      put(variable.value, "value", std::move(*value));
    } else if (!is_looked_up) {
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
    for (const auto& [name, value] : sources_.recalled) {
      if (!text && name == variable.key) {
        text = value;
        origin = "--var " + name + " of the last deployment";
      }
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
    return text ? std::optional(make_string(*text)) : std::nullopt;
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
