// Any bytes as a text with `{{…}}`: what is found lies in the text, in order, and braces that are
// malformed are parts of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bundles/brace_check.h"
#include "common/model/references.h"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto references = sheaf::model::parse_references(text)) {
    std::size_t end = 0;
    for (const sheaf::model::Reference& reference : *references) {
      require(reference.offset >= end && reference.length > 4);
      end = reference.offset + reference.length;
      require(end <= text.size());
      const std::string_view whole = text.substr(reference.offset, reference.length);
      require(whole.starts_with("{{") && whole.ends_with("}}"));
    }
  }
  for (const std::string& piece : sheaf::bundles::malformed_braces(text)) {
    require(piece.starts_with("{{") && text.find(piece) != std::string_view::npos);
  }
  return 0;
}
