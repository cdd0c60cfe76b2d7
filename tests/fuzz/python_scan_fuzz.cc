// Any bytes as a Python file, a notebook and a line of requirements.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bundles/python_packages.h"
#include "bundles/python_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace sheaf::bundles;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)requirement_name(text);
  for (const CodeFormat format :
       {CodeFormat::kScript, CodeFormat::kNotebook, CodeFormat::kJupyter}) {
    const auto findings = scan_python(text, format);
    for (std::size_t i = 0; findings && i < findings->size(); ++i) {
      (void)package_of((*findings)[i].name);
      (void)is_module_of({"pandas"}, (*findings)[i].name);
    }
  }
  return 0;
}
