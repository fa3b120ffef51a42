# Build rules shared by every folder: warnings, sanitizers, one library and one test program per layer.

add_library(wallaroo_flags INTERFACE)
target_compile_options(wallaroo_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(WALLAROO_SANITIZE)
  # The check of vptr opens a pipe to see whether memory can be read, and so reports every object
  # as broken in the tests that use up all descriptors.
  target_compile_options(wallaroo_flags INTERFACE
    -fsanitize=${WALLAROO_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer -fno-sanitize-recover=all -g1 -O1)
  target_link_options(wallaroo_flags INTERFACE -fsanitize=${WALLAROO_SANITIZE})
  if(WALLAROO_SANITIZE MATCHES thread)
    # The thread sanitizer does not see fences. Only the doorbell of mailboxes has some, and they
    # order atomics.
    target_compile_options(wallaroo_flags INTERFACE -Wno-tsan)
  endif()
endif()

# Pipelines of the tests are compiled in half the time with -O1. The libraries, the examples, the
# benchmarks and the program of the crash tests are compiled as users compile theirs. With -O1, gcc 12
# takes what std::optional holds for uninitialised.
add_library(wallaroo_test_flags INTERFACE)
target_link_libraries(wallaroo_test_flags INTERFACE wallaroo_flags)
target_compile_options(wallaroo_test_flags INTERFACE $<$<CONFIG:Release>:-O1>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)

if(WALLAROO_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  include(GoogleTest)
  # One precompiled header for all test programs.
  file(WRITE ${CMAKE_BINARY_DIR}/test_pch.cpp "")
  add_library(wallaroo_test_pch STATIC ${CMAKE_BINARY_DIR}/test_pch.cpp)
  set_target_properties(wallaroo_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(wallaroo_test_pch PUBLIC GTest::gtest_main wallaroo_test_flags fmt::fmt)
  target_precompile_headers(wallaroo_test_pch PRIVATE
    <gtest/gtest.h> <algorithm> <atomic> <chrono> <functional> <memory> <optional> <string>
    <string_view> <thread> <vector> <fmt/format.h>)
endif()

# wallaroo_test(NAME SOURCES... LIBS...): a GoogleTest program whose cases ctest runs.
function(wallaroo_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  # Must be the same as for the precompiled header.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gtest_main wallaroo_test_flags fmt::fmt)
  target_precompile_headers(${name} REUSE_FROM wallaroo_test_pch)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()

# wallaroo_layer(FOLDER DEPS... GENERATED...): src/FOLDER as a library that sees only the layers
# named, plus the test program of the *.test.cpp files in it. GENERATED are files that the build makes.
function(wallaroo_layer folder)
  cmake_parse_arguments(arg "" "" "DEPS;GENERATED" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "\\.test\\.cpp$")
  list(APPEND sources ${arg_GENERATED})
  list(FILTER tests INCLUDE REGEX "\\.test\\.cpp$")
  set(target wallaroo_${folder})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE wallaroo_flags)
    set_property(GLOBAL APPEND PROPERTY WALLAROO_OBJECT_LAYERS ${target})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_DEPS})
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/generated)
  if(WALLAROO_TESTS AND tests)
    wallaroo_test(test_${folder} SOURCES ${tests} LIBS ${target} rapidcheck)
  endif()
endfunction()
