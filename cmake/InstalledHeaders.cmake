# cmake -DSOURCE=... -DTARGET=... -P InstalledHeaders.cmake
#
# Puts the headers that users get into TARGET: the public ones, and the internal ones that these
# need, as wallaroo/detail/FOLDER/x.hpp. In the sources the internal headers are included as
# "FOLDER/x.hpp". Installed under these names they would clash with folders step/ or base/ of a
# user, so every such include becomes <wallaroo/detail/FOLDER/x.hpp>.
cmake_minimum_required(VERSION 3.25)

set(include_of_internal "#include \"([a-z_]+/[a-z_0-9/]+\\.hpp)\"")

# Copies SOURCE/FROM to TARGET/TO and appends the internal headers that it includes to `wanted`.
function(copy_header from to)
  if(NOT EXISTS ${SOURCE}/${from})
    message(FATAL_ERROR "${from} is included by a public header, but does not exist")
  endif()
  file(READ ${SOURCE}/${from} text)
  string(REGEX MATCHALL "${include_of_internal}" includes "${text}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "${include_of_internal}" "\\1" header "${include}")
    list(APPEND wanted ${header})
  endforeach()
  set(wanted ${wanted} PARENT_SCOPE)
  string(REGEX REPLACE "${include_of_internal}" "#include <wallaroo/detail/\\1>" text "${text}")
  if(text MATCHES "#include \"")
    message(FATAL_ERROR "${from} includes a header that users could not find")
  endif()
  file(WRITE ${TARGET}/${to} "${text}")
endfunction()

file(REMOVE_RECURSE ${TARGET})
set(wanted)
file(GLOB_RECURSE public RELATIVE ${SOURCE}/include ${SOURCE}/include/wallaroo/*.hpp)
foreach(header IN LISTS public)
  copy_header(include/${header} ${header})
endforeach()

set(copied)
while(wanted)
  list(POP_FRONT wanted header)
  if(NOT header IN_LIST copied)
    list(APPEND copied ${header})
    copy_header(src/${header} wallaroo/detail/${header})
  endif()
endwhile()
