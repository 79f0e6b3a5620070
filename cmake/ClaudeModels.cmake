# Facts and prices of models, built into the library from one JSON file.

set(models "${CMAKE_CURRENT_BINARY_DIR}/generated/message/models.inc")
add_custom_command(OUTPUT "${models}"
    COMMAND "${CMAKE_COMMAND}" "-DFILE=${PROJECT_SOURCE_DIR}/src/message/models.json" "-DOUT=${models}"
        -P "${PROJECT_SOURCE_DIR}/cmake/models.cmake"
    DEPENDS src/message/models.json cmake/models.cmake
    COMMENT "Building the facts of models in" VERBATIM)
target_sources(claude_core PRIVATE "${models}")
