// Braces that look like `{{…}}` references and are none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Each piece of the text that begins like a reference, with `{{` and a namespace of references,
/// and cannot be read as one: "{{job.id}", "{{tasks.a values.b}}". Braces of other makers are left
/// out, and so are references with a wrong name, which are errors of their own.
[[nodiscard]] std::vector<std::string> malformed_braces(std::string_view text);

/// Warns of them in the tasks and parameters of a job: the text is handed on as it is written.
void check_braces(const Value& job, const std::string& path, Findings& findings);

}  // namespace sheaf::bundles
