# wallaroo_precompile_headers(TARGET...): compiles <wallaroo/wallaroo.hpp> once for these programs and
# libraries, instead of once for each of their source files. The targets must be compiled with the
# same options, because they share one precompiled header, which belongs to the first of them.
function(wallaroo_precompile_headers first)
  target_precompile_headers(${first} PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:<wallaroo/wallaroo.hpp$<ANGLE-R>>")
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM ${first})
  endforeach()
endfunction()
