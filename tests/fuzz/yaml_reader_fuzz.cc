// Any bytes as a bundle's file: read, merged with itself, interpolated and written as JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bundles/diagnostic_text.h"
#include "bundles/interpolation.h"
#include "bundles/job_shape.h"
#include "bundles/json_text.h"
#include "bundles/merge.h"
#include "bundles/yaml_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace sheaf::bundles;
  SourceFiles files;
  Findings findings(files, false);
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const int file = files.add("fuzz.yml");
  files.keep_text(file, std::string(text));
  std::optional<Value> value = read_yaml(text, file, findings);
  if (!value) {
    return 0;
  }
  merge(*value, Value(*value), "", findings);
  const Value snapshot = *value;
  Interpolator(snapshot, findings).resolve(*value, "");
  shape_job(*value, "", findings);
  (void)to_compact_json(*value);
  for (const Diagnostic& diagnostic : findings.in_reading_order()) {
    (void)to_text(diagnostic);
    (void)to_json(diagnostic);
  }
  return 0;
}
