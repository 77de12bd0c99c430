# SPDX-License-Identifier: Apache-2.0
# How tests join CTest. Each carries the label of its folder (unit, adapter, cli, system), by which
# ./check picks its suites; THREADS adds the label that the ThreadSanitizer run picks.
find_package(cmocka REQUIRED)
find_program(PINTLE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

function(pintle_label_test name threads)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" label ${folder})
  if(label STREQUAL "..")
    set(label unit)
  endif()
  set_property(TEST ${name} APPEND PROPERTY LABELS ${label})
  if(threads)
    set_property(TEST ${name} APPEND PROPERTY LABELS threads)
  endif()
endfunction()

# pintle_test(NAME [THREADS] SOURCES file... [LIBS target...] [ARGS argument...]): a cmocka program.
# It prints TAP, one line for each test function, from which ./check takes its count.
function(pintle_test name)
  cmake_parse_arguments(T "THREADS" "" "SOURCES;LIBS;ARGS" ${ARGN})
  add_executable(test_${name} ${T_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE pintle_flags ${T_LIBS} cmocka)
  target_compile_definitions(test_${name} PRIVATE PINTLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND test_${name} ${T_ARGS})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "CMOCKA_MESSAGE_OUTPUT=TAP" TIMEOUT 300)
  pintle_label_test(${name} "${T_THREADS}")
endfunction()

# pintle_script_test(NAME command...): a script that prints TAP. It finds the build in PINTLE_BUILD
# and the program in PINTLE_BIN.
function(pintle_script_test name)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 ENVIRONMENT
    "PINTLE_BUILD=${PROJECT_BINARY_DIR};PINTLE_BIN=${PROJECT_BINARY_DIR}/cli/pintle;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/kit;PYTHONDONTWRITEBYTECODE=1")
  pintle_label_test(${name} FALSE)
endfunction()

# pintle_fuzz(NAME [LIBS target...]): fuzz/NAME.c. With PINTLE_FUZZ a libFuzzer program; otherwise a
# program that replays fuzz/corpus/NAME/ as a test.
function(pintle_fuzz name)
  cmake_parse_arguments(T "" "" "LIBS" ${ARGN})
  if(PINTLE_FUZZ)
    add_executable(fuzz_${name} ${name}.c)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${name}.c ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
    add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 120)
    pintle_label_test(fuzz_${name} FALSE)
  endif()
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(fuzz_${name} PRIVATE pintle_flags ${T_LIBS})
endfunction()
