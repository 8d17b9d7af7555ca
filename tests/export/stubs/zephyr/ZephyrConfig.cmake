# What Zephyr's build does with an application and its modules, as far as a package uses it: prj.conf's symbols are CONFIG_ variables,
# each module's zephyr/CMakeLists.txt is included by its zephyr/module.yml, the application is the target app.
enable_language(C)
file(STRINGS ${CMAKE_SOURCE_DIR}/prj.conf symbols REGEX "^CONFIG_.*=y$")
foreach(symbol ${symbols})
  string(REPLACE "=y" "" symbol ${symbol})
  set(${symbol} y)
endforeach()

add_library(app STATIC)
include_directories(${CMAKE_CURRENT_LIST_DIR})
add_compile_definitions(CONFIG_BOARD_TARGET="stub" CONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC=64000000)

function(zephyr_include_directories)
  foreach(folder ${ARGN})
    get_filename_component(folder ${folder} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
    target_include_directories(app PUBLIC ${folder})
  endforeach()
endfunction()

macro(zephyr_library_named name)
  set(ZEPHYR_CURRENT_LIBRARY ${name})
  add_library(${name} STATIC)
  target_link_libraries(app PUBLIC ${name})
endmacro()

function(zephyr_library_compile_options)
  target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()

function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()

function(zephyr_library_sources_ifdef symbol)
  if(${symbol})
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
  endif()
endfunction()

foreach(module ${ZEPHYR_EXTRA_MODULES})
  file(STRINGS ${module}/zephyr/module.yml lines)
  foreach(key name cmake)
    string(REGEX MATCH "${key}: ([^;]*)" line "${lines}")
    set(${key} ${CMAKE_MATCH_1})
  endforeach()
  add_subdirectory(${module}/${cmake} ${CMAKE_BINARY_DIR}/modules/${name})
endforeach()
