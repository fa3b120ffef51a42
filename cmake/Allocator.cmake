# The allocator of applications: WALLAROO_ALLOCATOR is the library that they are linked with, or empty.
# A target whose property WALLAROO_OWN_ALLOCATOR is on is linked without it.
#
# Records with strings are often made by one thread and freed by another. The allocator of the C
# library returns such memory to the thread that made it through locks; mimalloc does without. A
# Python interpreter that loads the engine has chosen its allocator already.
set(WALLAROO_ALLOCATOR "")
if(WALLAROO_MIMALLOC AND NOT WALLAROO_SANITIZE AND NOT WALLAROO_FUZZ AND NOT WALLAROO_SELF_CONTAINED)
  find_library(WALLAROO_MIMALLOC_LIBRARY mimalloc)
  if(NOT WALLAROO_MIMALLOC_LIBRARY)
    message(FATAL_ERROR "The library mimalloc is missing. Install libmimalloc-dev "
      "(scripts/install-dependencies does), or configure with -DWALLAROO_MIMALLOC=OFF.")
  endif()
  set(WALLAROO_ALLOCATOR
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:WALLAROO_OWN_ALLOCATOR>>>:mimalloc>)
endif()
