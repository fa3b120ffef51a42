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

# `ui_assets` is the generated file.
set(ui_assets ${PROJECT_BINARY_DIR}/generated/ui/ui_assets.cpp)
file(GLOB_RECURSE ui_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/webui/*)
set(ui_script ${PROJECT_SOURCE_DIR}/cmake/ui_assets.py)
add_custom_command(OUTPUT ${ui_assets}
  COMMAND Python3::Interpreter -B ${ui_script} --pages ${PROJECT_SOURCE_DIR}/webui
    --library ${WALLAROO_DYGRAPHS} --output ${ui_assets}
  DEPENDS ${ui_script} ${ui_pages}
    ${WALLAROO_DYGRAPHS}/dygraph.min.js ${WALLAROO_DYGRAPHS}/dygraph.min.css
  COMMENT "Packing the pages of the metrics UI" VERBATIM)
