# Compiler settings of every target of ours; third-party headers are system headers.
option(SHEAF_WERROR "Warnings are errors" OFF)
set(SHEAF_SANITIZE "" CACHE STRING "Comma-separated sanitizers, e.g. address,undefined")
option(SHEAF_COVERAGE "Instrument for llvm-cov" OFF)
option(SHEAF_FUZZ "Build the fuzz targets" OFF)
option(SHEAF_PLANTED_BUGS "Compile in the bugs that the simulator must find (common/base/planted.h)" OFF)

find_program(SHEAF_CCACHE ccache)
if(SHEAF_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${SHEAF_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SHEAF_CCACHE})
endif()
find_program(SHEAF_MOLD mold)

add_library(sheaf_options INTERFACE)
target_include_directories(sheaf_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(sheaf_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  -Wno-missing-field-initializers
  $<$<BOOL:${SHEAF_WERROR}>:-Werror>
  # Line tables are enough for stack traces and keep objects small.
  $<$<CONFIG:Debug>:-O0;-g1>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sheaf_options INTERFACE -fdiagnostics-color=auto
    # g++ 12 at -O2 takes the alternatives that a std::variant does not hold for read (GCC bug 80635).
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
endif()
if(SHEAF_MOLD)
  target_link_options(sheaf_options INTERFACE -fuse-ld=mold)
endif()
if(SHEAF_SANITIZE)
  target_compile_options(sheaf_options INTERFACE
    -fsanitize=${SHEAF_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sheaf_options INTERFACE -fsanitize=${SHEAF_SANITIZE})
endif()
if(SHEAF_FUZZ)
  target_compile_options(sheaf_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SHEAF_PLANTED_BUGS)
  target_compile_definitions(sheaf_options INTERFACE SHEAF_PLANTED_BUGS)
endif()
if(SHEAF_COVERAGE)
  # Relocatable counters live in the profile itself, so that what a death test ran counts too.
  target_compile_options(sheaf_options INTERFACE
    -fprofile-instr-generate -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  target_link_options(sheaf_options INTERFACE -fprofile-instr-generate)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(sheaf_options INTERFACE -O2 -g1 -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong)
  target_link_options(sheaf_options INTERFACE -Wl,-z,relro,-z,now)
endif()
