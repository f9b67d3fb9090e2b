# Every flag in one interface target.
add_library(mayfly-flags INTERFACE)
target_compile_options(mayfly-flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wimplicit-fallthrough
  -fstack-protector-strong)
target_compile_definitions(mayfly-flags INTERFACE
  _GLIBCXX_ASSERTIONS MAYFLY_VERSION="${PROJECT_VERSION}")
target_include_directories(mayfly-flags INTERFACE ${PROJECT_SOURCE_DIR}/src)

# GCC 12, when it optimises, warns of overlapping copies inside std::string's own operator+ (GCC bug
# 105329) and of uninitialised strings inside tl::expected. The dev preset finds the real ones.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(mayfly-flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

option(MAYFLY_WERROR "warnings are errors" ON)
if(MAYFLY_WERROR)
  target_compile_options(mayfly-flags INTERFACE -Werror)
endif()

if(MAYFLY_SANITIZE)
  target_compile_options(mayfly-flags INTERFACE
    -fsanitize=${MAYFLY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mayfly-flags INTERFACE -fsanitize=${MAYFLY_SANITIZE})
  if(MAYFLY_SANITIZE MATCHES thread)
    target_compile_options(mayfly-flags INTERFACE -Wno-tsan)  # Asio's fences; it says so itself
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(mayfly-flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections
    -ffile-prefix-map=${PROJECT_BINARY_DIR}=build -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
  target_link_options(mayfly-flags INTERFACE -s -Wl,--gc-sections)
endif()
if(MAYFLY_STATIC)
  target_link_options(mayfly-flags INTERFACE -static)
endif()

find_package(Threads REQUIRED)

# The outside libraries by a short name each; all from Debian 12 (docs/dependencies.md).
function(mayfly_library name)
  cmake_parse_arguments(arg "" "" "ARCHIVES" ${ARGN})
  add_library(${name} INTERFACE)
  foreach(archive ${arg_ARCHIVES})
    if(MAYFLY_SANITIZE)
      find_library(${name}-${archive} NAMES ${archive} REQUIRED)
    else()
      find_library(${name}-${archive} NAMES lib${archive}.a REQUIRED)
    endif()
    target_link_libraries(${name} INTERFACE ${${name}-${archive}})
  endforeach()
endfunction()

mayfly_library(tl-expected)
mayfly_library(cli11)
mayfly_library(tomlplusplus)
target_compile_definitions(tomlplusplus INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0)
mayfly_library(boost-json ARCHIVES boost_json boost_container)
target_compile_definitions(boost-json INTERFACE BOOST_ALL_NO_LIB)
mayfly_library(boost-context ARCHIVES boost_context)
mayfly_library(boost-beast)
target_link_libraries(boost-beast INTERFACE Threads::Threads)
mayfly_library(openssl-crypto ARCHIVES crypto)
target_link_libraries(openssl-crypto INTERFACE ${CMAKE_DL_LIBS} Threads::Threads)
mayfly_library(openssl-ssl ARCHIVES ssl crypto)  # in the order that the linker needs
target_link_libraries(openssl-ssl INTERFACE openssl-crypto)
mayfly_library(pugixml ARCHIVES pugixml)
mayfly_library(sqlite ARCHIVES sqlite3)
target_link_libraries(sqlite INTERFACE m ${CMAKE_DL_LIBS} Threads::Threads)
