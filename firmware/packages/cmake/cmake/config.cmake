# What find_package($name) reads.
$one_model
include($${CMAKE_CURRENT_LIST_DIR}/$name-targets.cmake)
