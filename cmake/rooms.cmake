# The tests' main function, compiled once for all of them.
add_library(doctest-main OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/doctest_main.cpp)
target_link_libraries(doctest-main PUBLIC mayfly-flags)

# A room is a folder under src/ and one static library. Its tests stand beside the code as *_test.cpp
# and become one program, <room>_test.
function(mayfly_room name)
  cmake_parse_arguments(arg "" "" "SEES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")

  if(sources)
    add_library(room-${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(room-${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(room-${name} ${scope} mayfly-flags)
  foreach(other ${arg_SEES})
    target_link_libraries(room-${name} ${scope} room-${other})
  endforeach()
  target_link_libraries(room-${name} ${scope} ${arg_LINKS})

  if(tests)
    add_executable(${name}_test EXCLUDE_FROM_ALL ${tests})
    target_link_libraries(${name}_test PRIVATE doctest-main room-${name})
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_test PRIVATE MAYFLY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    if(MAYFLY_SANITIZE)
      target_compile_options(${name}_test PRIVATE -O0)  # doctest under sanitizers: half the time
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
    set_property(GLOBAL APPEND PROPERTY mayfly_tests ${name}_test)
  endif()
endfunction()

function(mayfly_program name)
  cmake_parse_arguments(arg "" "ROOM;MAIN" "" ${ARGN})
  if(EXISTS ${PROJECT_SOURCE_DIR}/${arg_MAIN})
    add_executable(${name} ${arg_MAIN})
    target_link_libraries(${name} PRIVATE room-${arg_ROOM})
  endif()
endfunction()

# mayfly_small(TARGET...): compiled for size in a release, for what spends its time waiting.
function(mayfly_small)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Os>)
  endforeach()
endfunction()
