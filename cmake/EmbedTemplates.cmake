# cmake -D FOLDER=cli/templates -D OUTPUT=embedded_templates.cc -P EmbedTemplates.cmake
# Writes all files below FOLDER into a source, so that programs need none of them when they run.
file(GLOB_RECURSE names RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names)
set(rows "")
foreach(name IN LISTS names)
  file(READ ${FOLDER}/${name} text)
  string(APPEND rows "    {\"${name}\", R\"sheaf(${text})sheaf\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"cli/templates.h\"

#include <array>

namespace sheaf::cli {

std::span<const EmbeddedFile> embedded_files() {
  static constexpr auto kFiles = std::to_array<EmbeddedFile>({
${rows}  });
  return kFiles;
}

}  // namespace sheaf::cli
")
