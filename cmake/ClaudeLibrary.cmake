# The library: one compilation of the sources, used by the shared library, the archive and the unit tests.

file(GLOB CLAUDE_CORE_SOURCES CONFIGURE_DEPENDS src/*/*.c)
file(GLOB CLAUDE_CAPI_SOURCES CONFIGURE_DEPENDS capi/*.c)
file(GLOB CLAUDE_HEADERS CONFIGURE_DEPENDS capi/include/claude/*.h)
set(CLAUDE_MAP "${PROJECT_SOURCE_DIR}/capi/libclaude.map")

# Settings that the two object libraries share.
function(claude_object_library name)
    add_library(${name} OBJECT ${ARGN})
    target_include_directories(${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/capi/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
    target_compile_definitions(${name} PRIVATE CLAUDE_BUILDING _GNU_SOURCE)
    target_link_libraries(${name}
        PUBLIC PkgConfig::CLAUDE_CURL PkgConfig::CLAUDE_JSONC PkgConfig::CLAUDE_ZLIB Threads::Threads
        PRIVATE claude_warnings claude_hardening)
    set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
endfunction()

set(endpoints "${CMAKE_CURRENT_BINARY_DIR}/generated/api/endpoints.inc")
add_custom_command(OUTPUT "${endpoints}"
    COMMAND "${CMAKE_COMMAND}" "-DTABLE=${PROJECT_SOURCE_DIR}/src/api/endpoints.tsv" "-DOUT=${endpoints}"
        -P "${PROJECT_SOURCE_DIR}/cmake/endpoints.cmake"
    DEPENDS src/api/endpoints.tsv cmake/endpoints.cmake
    COMMENT "Making the table of endpoints" VERBATIM)

# In place of the functions of features that are left out.
if(CLAUDE_FEATURES_LEFT_OUT)
    set(stubs "${CMAKE_CURRENT_BINARY_DIR}/generated/capi/left_out.c")
    list(JOIN CLAUDE_FEATURES_LEFT_OUT "," names)
    add_custom_command(OUTPUT "${stubs}"
        COMMAND "${CMAKE_COMMAND}" "-DLEFT_OUT=${names}" "-DTABLE=${PROJECT_SOURCE_DIR}/capi/features.txt"
            "-DHEADERS=${PROJECT_SOURCE_DIR}/capi/include/claude" "-DOUT=${stubs}"
            -P "${PROJECT_SOURCE_DIR}/cmake/stubs.cmake"
        DEPENDS ${CLAUDE_HEADERS} capi/features.txt cmake/stubs.cmake
        COMMENT "Writing what stands in place of: ${names}" VERBATIM)
    set_source_files_properties("${stubs}" PROPERTIES COMPILE_OPTIONS -Wno-unused-parameter)
    list(APPEND CLAUDE_CAPI_SOURCES "${stubs}")
endif()

claude_object_library(claude_core ${CLAUDE_CORE_SOURCES} "${endpoints}")
target_include_directories(claude_core PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/generated")
claude_object_library(claude_capi ${CLAUDE_CAPI_SOURCES})
target_include_directories(claude_capi PRIVATE "${PROJECT_SOURCE_DIR}/capi")

# libclaude.so
add_library(claude SHARED $<TARGET_OBJECTS:claude_core> $<TARGET_OBJECTS:claude_capi>)
add_library(claude::claude ALIAS claude)
target_sources(claude PUBLIC FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/capi/include" FILES ${CLAUDE_HEADERS})
target_link_libraries(claude PRIVATE PkgConfig::CLAUDE_CURL PkgConfig::CLAUDE_JSONC PkgConfig::CLAUDE_ZLIB
    Threads::Threads $<BUILD_INTERFACE:claude_link>)
set_target_properties(claude PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINKER_LANGUAGE C)
check_linker_flag(C "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/probe.map" CLAUDE_LINKS_VERSION_SCRIPT)
if(NOT CLAUDE_LINKS_VERSION_SCRIPT)
    message(FATAL_ERROR "The linker does not take --version-script, without which there is no stable ABI.")
endif()
target_link_options(claude PRIVATE "-Wl,--version-script=${CLAUDE_MAP}")
set_target_properties(claude PROPERTIES LINK_DEPENDS "${CLAUDE_MAP}")

# libclaude.a: one relocatable object whose hidden symbols are made local, so that no cl_* can collide with the
# program's own names. What nothing reaches is dropped, as from the shared library, where the linker can do that.
set(drop "")
if(NOT CLAUDE_SANITIZE AND NOT CLAUDE_COVERAGE)
    execute_process(COMMAND "${CMAKE_LINKER}" -r --gc-sections --gc-keep-exported -b binary
            "${PROJECT_SOURCE_DIR}/cmake/probe.map" -o "${CMAKE_CURRENT_BINARY_DIR}/probe.o"
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(NOT failed)
        set(drop --gc-sections --gc-keep-exported)
    endif()
endif()
set(combined "${CMAKE_CURRENT_BINARY_DIR}/libclaude-combined.o")
add_custom_command(OUTPUT "${combined}"
    COMMAND "${CMAKE_LINKER}" -r ${drop} -o "${combined}" $<TARGET_OBJECTS:claude_core> $<TARGET_OBJECTS:claude_capi>
    COMMAND "${CMAKE_OBJCOPY}" --localize-hidden "${combined}"
    DEPENDS $<TARGET_OBJECTS:claude_core> $<TARGET_OBJECTS:claude_capi>
    COMMENT "Joining the objects of libclaude.a" COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties("${combined}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
# Without times and owners, also where the archiver would write them by itself.
set(CMAKE_C_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "<CMAKE_RANLIB> -D <TARGET>")
add_library(claude_static STATIC "${combined}")
add_library(claude::claude_static ALIAS claude_static)
target_include_directories(claude_static INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/capi/include>)
target_link_libraries(claude_static PRIVATE PkgConfig::CLAUDE_CURL PkgConfig::CLAUDE_JSONC PkgConfig::CLAUDE_ZLIB
    Threads::Threads)
set_target_properties(claude_static PROPERTIES OUTPUT_NAME claude LINKER_LANGUAGE C)
