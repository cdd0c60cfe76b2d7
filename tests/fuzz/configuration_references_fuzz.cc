// Any bytes as a text with `${…}`: what is found are references, and resolving them among values
// that refer to each other ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bundles/interpolation.h"
#include "bundles/limits.h"

namespace {

using namespace sheaf::bundles;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_found(std::string_view text) {
  std::size_t end = 0;
  for (const ConfigurationReference& reference : find_references(text)) {
    require(reference.offset >= end && reference.offset + reference.length <= text.size());
    require(text.substr(reference.offset, reference.length) == "${" + reference.path + "}");
    end = reference.offset + reference.length;
  }
}

Value variable(std::string text) {
  Value declaration = make_map();
  put(declaration, "value", make_string(std::move(text)));
  return declaration;
}

// The text, cut in three at zero bytes, as the values of a, b and c.
Value configuration_of(std::string_view text) {
  Value variables = make_map();
  for (const char* name : {"a", "b", "c"}) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    put(variables, name, variable(std::string(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Value bundle = make_map();
  put(bundle, "name", make_string("wine"));
  Value configuration = make_map();
  put(configuration, "bundle", std::move(bundle));
  put(configuration, "variables", std::move(variables));
  return configuration;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_found(text);
  const Value configuration = configuration_of(text);
  for (const DeployedReferences deployed :
       {DeployedReferences::kStay, DeployedReferences::kResolve}) {
    SourceFiles files;
    Findings findings(files, false);
    Value use = configuration;
    Interpolator(configuration, findings, deployed).resolve(use, "");
    require(count_nodes(use) <= 4 * kMaxNodes);
  }
  return 0;
}
