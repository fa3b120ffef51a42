# The pages of the metrics UI as a C++ file, which the layer `ui` contains.
#
# The charts over time are those of dygraphs, which Debian has in libjs-dygraphs. Elsewhere
# WALLAROO_DYGRAPHS names a folder with its dygraph.min.js and dygraph.min.css.
find_path(WALLAROO_DYGRAPHS dygraph.min.js
  PATHS /usr/share/javascript/dygraphs /usr/share/nodejs/dygraphs/dist
  DOC "The folder with dygraph.min.js and dygraph.min.css" NO_DEFAULT_PATH)
if(NOT WALLAROO_DYGRAPHS)
  message(FATAL_ERROR "dygraphs, which the metrics UI draws with, is missing: install the package "
    "libjs-dygraphs (scripts/install-dependencies does), or name a folder with its dygraph.min.js "
    "and dygraph.min.css by -DWALLAROO_DYGRAPHS=FOLDER.")
endif()
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)

# wallaroo_ui_assets(TARGET): adds the file to the target.
function(wallaroo_ui_assets target)
  set(script ${PROJECT_SOURCE_DIR}/cmake/ui_assets.py)
  set(output ${PROJECT_BINARY_DIR}/generated/ui_assets.cpp)
  file(GLOB_RECURSE pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/webui/*)
  add_custom_command(OUTPUT ${output}
    COMMAND Python3::Interpreter -B ${script} --pages ${PROJECT_SOURCE_DIR}/webui
      --library ${WALLAROO_DYGRAPHS} --output ${output}
    DEPENDS ${script} ${pages} ${WALLAROO_DYGRAPHS}/dygraph.min.js ${WALLAROO_DYGRAPHS}/dygraph.min.css
    COMMENT "Packing the pages of the metrics UI" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
