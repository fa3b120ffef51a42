# The library as others see it: wallaroo::wallaroo in the build, and what `cmake --install` puts
# where find_package(wallaroo CONFIG) finds it.
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
  Boost::headers Boost::json fmt::fmt spdlog::spdlog Threads::Threads lz4
  $<BUILD_INTERFACE:$<LINK_ONLY:wallaroo_flags>>)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/wallaroo)
install(TARGETS wallaroo EXPORT wallarooTargets
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
  DESTINATION ${package_folder})

# The headers go through a folder of their own, see InstalledHeaders.cmake.
set(staged_headers ${PROJECT_BINARY_DIR}/package/include)
install(CODE "execute_process(
  COMMAND \"${CMAKE_COMMAND}\" \"-DSOURCE=${PROJECT_SOURCE_DIR}\" \"-DTARGET=${staged_headers}\"
          -P \"${PROJECT_SOURCE_DIR}/cmake/InstalledHeaders.cmake\"
  COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${staged_headers}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
