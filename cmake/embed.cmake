# mayfly_embed(TARGET FILE NAMESPACE NAME): compiles FILE (a path below the source folder) into TARGET
# as the text that the function `std::string_view NAMESPACE::NAME()` answers with.
function(mayfly_embed target file namespace name)
  set(source ${PROJECT_SOURCE_DIR}/${file})
  set(generated ${PROJECT_BINARY_DIR}/embedded/${name}.cpp)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} text)
  string(CONCAT code "#include <string_view>\n\nnamespace ${namespace} {\n"
    "std::string_view ${name}();\n"
    "std::string_view ${name}() {\n  return R\"embedded(${text})embedded\";\n}\n"
    "}  // namespace ${namespace}\n")
  set(before "")
  if(EXISTS ${generated})
    file(READ ${generated} before)
  endif()
  if(NOT before STREQUAL code)
    file(WRITE ${generated} "${code}")
  endif()
  target_sources(${target} PRIVATE ${generated})
endfunction()
