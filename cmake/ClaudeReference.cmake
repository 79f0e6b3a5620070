# The reference of the interface, as HTML from the comments of the headers: docs/reference/. The target `reference` makes
# it in <build>/reference/html, wherever Doxygen is; with CLAUDE_BUILD_REFERENCE it is part of the build and installed.

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()
option(CLAUDE_BUILD_REFERENCE "Build and install the reference of the interface; needs Doxygen" ${CLAUDE_PACKAGES})
find_program(CLAUDE_doxygen_PROGRAM doxygen)
find_program(CLAUDE_python3_PROGRAM python3)
if(NOT CLAUDE_doxygen_PROGRAM OR NOT CLAUDE_python3_PROGRAM OR NOT EXISTS "${PROJECT_SOURCE_DIR}/docs/reference")
    if(CLAUDE_BUILD_REFERENCE)
        message(FATAL_ERROR "doxygen, python3 or docs/reference is missing: the reference needs them. On Debian: "
            "scripts/setup. Without the reference: -DCLAUDE_BUILD_REFERENCE=OFF")
    endif()
    return()
endif()

set(CLAUDE_REFERENCE_DIR "${CMAKE_CURRENT_BINARY_DIR}/reference")
configure_file(docs/reference/Doxyfile.in reference/Doxyfile @ONLY)
set(stamp "${CLAUDE_REFERENCE_DIR}/stamp")
# Anew each time: pages of headers that are gone would stay. The stamp is only there when there was no warning.
add_custom_command(OUTPUT "${stamp}"
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${CLAUDE_REFERENCE_DIR}/html" "${stamp}"
    COMMAND "${CLAUDE_doxygen_PROGRAM}" "${CLAUDE_REFERENCE_DIR}/Doxyfile"
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    DEPENDS ${CLAUDE_HEADERS} docs/reference/mainpage.md docs/reference/conventions.py
        "${CLAUDE_REFERENCE_DIR}/Doxyfile"
    COMMENT "Making the reference" VERBATIM)
if(CLAUDE_BUILD_REFERENCE)
    add_custom_target(reference ALL DEPENDS "${stamp}")
    set(to "${CMAKE_INSTALL_DOCDIR}")
    if(CLAUDE_PACKAGES)
        set(to "${CMAKE_INSTALL_DATAROOTDIR}/doc/libclaude-dev")
        # Debian's register of documents.
        install(FILES cmake/debian/doc-base RENAME libclaude-dev.libclaude
            DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc-base" COMPONENT dev)
    endif()
    install(DIRECTORY "${CLAUDE_REFERENCE_DIR}/html" DESTINATION "${to}" COMPONENT dev)
else()
    add_custom_target(reference DEPENDS "${stamp}")
endif()
