# The library for other projects: wallaroo::wallaroo in the build, and the files that `cmake
# --install` puts where find_package(wallaroo CONFIG) finds them.
include(CMakePackageConfigHelpers)

# All layers in one library.
get_property(layers GLOBAL PROPERTY WALLAROO_OBJECT_LAYERS)
list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
add_library(wallaroo STATIC ${objects})
add_library(wallaroo::wallaroo ALIAS wallaroo)
set_target_properties(wallaroo PROPERTIES LINKER_LANGUAGE CXX)
target_compile_features(wallaroo INTERFACE cxx_std_20)
target_include_directories(wallaroo INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
target_link_libraries(wallaroo INTERFACE
  Boost::headers Boost::json fmt::fmt spdlog::spdlog Threads::Threads lz4 OpenSSL::Crypto
  ${WALLAROO_ALLOCATOR}
  $<BUILD_INTERFACE:$<LINK_ONLY:wallaroo_flags>>)

# The library for programs that feed and drain applications. It has nothing of the engine.
list(FILTER objects INCLUDE REGEX "wallaroo_(base|io|connector)>")
add_library(wallaroo_connector_client STATIC ${objects})
add_library(wallaroo::connector_client ALIAS wallaroo_connector_client)
set_target_properties(wallaroo_connector_client PROPERTIES
  LINKER_LANGUAGE CXX EXPORT_NAME connector_client)
target_compile_features(wallaroo_connector_client INTERFACE cxx_std_20)
target_include_directories(wallaroo_connector_client INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
target_link_libraries(wallaroo_connector_client INTERFACE
  fmt::fmt Threads::Threads $<BUILD_INTERFACE:$<LINK_ONLY:wallaroo_flags>>)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/wallaroo)
install(TARGETS wallaroo wallaroo_connector_client EXPORT wallarooTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT wallarooTargets NAMESPACE wallaroo:: DESTINATION ${package_folder})

configure_package_config_file(cmake/wallarooConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/wallarooConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/package/wallarooConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/wallarooConfig.cmake
  ${PROJECT_BINARY_DIR}/package/wallarooConfigVersion.cmake
  cmake/WallarooPrecompileHeaders.cmake
  DESTINATION ${package_folder})
include(WallarooPrecompileHeaders)

# The connector client in Python, which programs find by PYTHONPATH.
install(DIRECTORY clients/python/wallaroo_connector
  DESTINATION ${CMAKE_INSTALL_DATADIR}/wallaroo/python FILES_MATCHING PATTERN "*.py")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/wallaroo)

# Everything that `cmake --install` copies. A script that builds only a part of the project builds
# this as well, since an install fails when a program that it should copy was never built.
# wallaroo_installs(TARGET...) adds to it.
add_custom_target(wallaroo_installable)
function(wallaroo_installs)
  add_dependencies(wallaroo_installable ${ARGN})
endfunction()
wallaroo_installs(wallaroo wallaroo_connector_client)

# The headers go through a folder of their own, see InstalledHeaders.cmake.
set(staged_headers ${PROJECT_BINARY_DIR}/package/include)
install(CODE "execute_process(
  COMMAND \"${CMAKE_COMMAND}\" \"-DSOURCE=${PROJECT_SOURCE_DIR}\" \"-DTARGET=${staged_headers}\"
          -P \"${PROJECT_SOURCE_DIR}/cmake/InstalledHeaders.cmake\"
  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${staged_headers}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
