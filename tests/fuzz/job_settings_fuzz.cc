// Any bytes as a settings document, a text with references, a task value and a manifest.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/model/for_each_inputs.h"
#include "common/model/job_settings.h"
#include "common/model/manifest.h"
#include "common/model/references.h"
#include "common/model/resources.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace sheaf::model;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  (void)parse_job_settings(text);
  (void)parse_references(text);
  (void)render_task_value(text);
  (void)parse_memory(text);
  (void)parse_input_line(text);
  if (const auto inputs = parse_inputs(text)) {
    for (const std::string& input : *inputs) {
      (void)render_input(input, "a");
    }
  }
  const auto manifest = parse_manifest(text);
  if (manifest && format_manifest(*manifest) != text) {
    std::abort();  // What is accepted is canonical.
  }
  return 0;
}
