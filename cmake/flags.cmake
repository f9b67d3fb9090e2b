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
  # Where tests are compiled: a check of each pointer and reference is a third of the compilation, and what it
  # finds mostly ends in AddressSanitizer, or goes on well on x86_64. The fuzzers keep every check.
  if(MAYFLY_SANITIZE_NOT)
    target_compile_options(mayfly-flags INTERFACE -fno-sanitize=${MAYFLY_SANITIZE_NOT})
  endif()
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

# mayfly_without_unwinding(VARIABLE): puts a copy of the archive that VARIABLE names in its place, without
# the tables that lead an exception through its functions. It is for libraries in C: no callback of
# ours throws, and one that did would end the program, as if it were noexcept. A debugger cannot
# look through such a function. The tables were 8 % of the zip for Lambda.
function(mayfly_without_unwinding variable)
  get_filename_component(name ${${variable}} NAME)
  set(copy ${PROJECT_BINARY_DIR}/without-unwinding/${name})
  if(NOT TARGET without-unwinding-${name})
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/without-unwinding)
    add_custom_command(OUTPUT ${copy} DEPENDS ${${variable}}
      COMMAND ${CMAKE_OBJCOPY} --remove-section=.eh_frame ${${variable}} ${copy})
    add_custom_target(without-unwinding-${name} DEPENDS ${copy})
  endif()
  set(${variable} ${copy} PARENT_SCOPE)
endfunction()

# The outside libraries by a short name each; all from Debian 12 (docs/dependencies.md). Those of C_ARCHIVES
# are in C.
function(mayfly_library name)
  cmake_parse_arguments(arg "" "" "ARCHIVES;C_ARCHIVES" ${ARGN})
  add_library(${name} INTERFACE)
  foreach(archive ${arg_ARCHIVES} ${arg_C_ARCHIVES})
    if(MAYFLY_SANITIZE)
      find_library(${name}-${archive} NAMES ${archive} REQUIRED)
    else()
      find_library(${name}-${archive} NAMES lib${archive}.a REQUIRED)
    endif()
    set(file ${${name}-${archive}})
    if(MAYFLY_STATIC AND archive IN_LIST arg_C_ARCHIVES)
      mayfly_without_unwinding(file)
      add_dependencies(${name} without-unwinding-lib${archive}.a)
    endif()
    target_link_libraries(${name} INTERFACE ${file})
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
mayfly_library(openssl-crypto C_ARCHIVES crypto)
target_link_libraries(openssl-crypto INTERFACE ${CMAKE_DL_LIBS} Threads::Threads)
mayfly_library(openssl-ssl C_ARCHIVES ssl crypto)  # in the order that the linker needs
target_link_libraries(openssl-ssl INTERFACE openssl-crypto)
mayfly_library(pugixml ARCHIVES pugixml)
mayfly_library(sqlite C_ARCHIVES sqlite3)
target_link_libraries(sqlite INTERFACE m ${CMAKE_DL_LIBS} Threads::Threads)
if(MAYFLY_STATIC)
  # The ledger searches no text and no space: what would register these with each connection is instead
  # a function that finds its work done, and their code is not linked.
  foreach(unused Fts3 Fts5 Rtree)
    target_link_options(sqlite INTERFACE -Wl,--defsym=sqlite3${unused}Init=sqlite3_initialize)
  endforeach()
endif()
