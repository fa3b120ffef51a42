# The libraries of others that the layers are linked with, in variables that say how:
# WALLAROO_FMT, WALLAROO_SPDLOG, WALLAROO_LZ4 and WALLAROO_CRYPTO, beside Boost::json.
#
# WALLAROO_SELF_CONTAINED takes static libraries and headers, for a Python wheel, which must run on
# machines that have none of these libraries. It takes longer to compile.
find_package(Threads REQUIRED)
if(WALLAROO_SELF_CONTAINED)
  set(Boost_USE_STATIC_LIBS ON)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
set(WALLAROO_CRYPTO OpenSSL::Crypto)

if(WALLAROO_SELF_CONTAINED)
  set(WALLAROO_FMT fmt::fmt-header-only)
  # spdlog's own target for use without its library would link the shared library of fmt.
  add_library(wallaroo_spdlog INTERFACE)
  get_target_property(spdlog_headers spdlog::spdlog INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(wallaroo_spdlog SYSTEM INTERFACE ${spdlog_headers})
  target_compile_definitions(wallaroo_spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(wallaroo_spdlog INTERFACE fmt::fmt-header-only Threads::Threads)
  set(WALLAROO_SPDLOG wallaroo_spdlog)
  find_library(WALLAROO_LZ4_ARCHIVE NAMES liblz4.a REQUIRED)
  set(WALLAROO_LZ4 ${WALLAROO_LZ4_ARCHIVE})
else()
  set(WALLAROO_FMT fmt::fmt)
  set(WALLAROO_SPDLOG spdlog::spdlog)
  set(WALLAROO_LZ4 lz4)
endif()
