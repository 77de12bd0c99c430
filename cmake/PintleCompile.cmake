# SPDX-License-Identifier: Apache-2.0
# How every target of ours is compiled: C11 without extensions, strict warnings, hidden symbols, hardened.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_library(pintle_flags INTERFACE)
target_compile_options(pintle_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wcast-qual -Wformat=2 -Wundef -Wvla -Wwrite-strings -Wnull-dereference
  -fstack-protector-strong
  # no paths of the build machine in what OpenSSL tells of our errors
  -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(PINTLE_WERROR)
  target_compile_options(pintle_flags INTERFACE -Werror)
endif()
if(PINTLE_SANITIZE)
  target_compile_options(pintle_flags INTERFACE -fsanitize=${PINTLE_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(pintle_flags INTERFACE -fsanitize=${PINTLE_SANITIZE})
else()
  # not with sanitizers: it defines signed overflow, so that UBSan looks away
  target_compile_options(pintle_flags INTERFACE -fno-strict-overflow)
  if(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(pintle_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
endif()
if(PINTLE_FUZZ)
  target_compile_options(pintle_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A folder joins the build when it has something to build.
function(pintle_add_subdirectory dir)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt")
    add_subdirectory(${dir})
  endif()
endfunction()
