// Tables that a text of SQL names. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sheaf::bundles {

/// Names after FROM, JOIN, INTO, UPDATE and TABLE, each once, as written but without backticks. A
/// word scan: no parser of SQL. Names that the statement itself defines (WITH) do not count.
[[nodiscard]] std::vector<std::string> tables_of_sql(std::string_view sql);

}  // namespace sheaf::bundles
