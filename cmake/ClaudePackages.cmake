# Debian packages, one for each component: libclaude0.8 (runtime), libclaude-dev (dev), python3-libclaude (python) and
# lua-claude (lua). scripts/package makes them; docs/packaging.md says what is in them and why.
#
# Another component takes one call of claude_add_package() and `COMPONENT <name>` in its rules of installation.

foreach(program gzip dpkg-deb dpkg-shlibdeps dpkg-parsechangelog file swig)
    string(MAKE_C_IDENTIFIER "CLAUDE_${program}_PROGRAM" variable)
    find_program(${variable} ${program})
    if(NOT ${variable})
        message(FATAL_ERROR "${program} is missing: packages need it. On Debian: scripts/setup")
    endif()
endforeach()

set(CLAUDE_SO_VERSION "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
# Debian's rule makes the name of a library's package from its SONAME: libclaude.so.0.8 is libclaude0.8, so that programs
# of two minor versions can be installed together. It provides libclaude0, the name that is looked for.
set(CLAUDE_RUNTIME_PACKAGE "libclaude${CLAUDE_SO_VERSION}")
# The bindings refuse a library that is older than the headers they were compiled with, so that is what they depend on,
# and not the older version that dpkg-shlibdeps would find in the symbols they use.
set(CLAUDE_RUNTIME_DEPENDS "${CLAUDE_RUNTIME_PACKAGE} (>= ${PROJECT_VERSION})")
# Both can be given with -D. They are not cached: a build folder of old would keep what is no longer the default.
if(NOT DEFINED CLAUDE_PACKAGE_REVISION) # the number of the package among those of the same version
    set(CLAUDE_PACKAGE_REVISION 1)
endif()
if(NOT DEFINED CLAUDE_PACKAGE_MAINTAINER)
    set(CLAUDE_PACKAGE_MAINTAINER "The libclaude authors <libclaude@libclaude.invalid>")
endif()
set(CLAUDE_PACKAGE_VERSION "${PROJECT_VERSION}-${CLAUDE_PACKAGE_REVISION}")
set(CLAUDE_DEBIAN_DIR "${PROJECT_BINARY_DIR}/debian")
set(CLAUDE_DEBIAN_SOURCES "${PROJECT_SOURCE_DIR}/cmake/debian")
set(CLAUDE_PACKAGE_COMPONENTS "")

# No path of the build tree may get into a binary, not even to be taken out again: the build id is made before that.
set(CMAKE_SKIP_RPATH ON)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

# The day of the entry in Debian's changelog, and of every file: with SOURCE_DATE_EPOCH it is always the same.
string(TIMESTAMP CLAUDE_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file("${CLAUDE_DEBIAN_SOURCES}/changelog.in" "${CLAUDE_DEBIAN_DIR}/changelog" @ONLY)
configure_file("${CLAUDE_DEBIAN_SOURCES}/strip.cmake.in" "${CLAUDE_DEBIAN_DIR}/strip.cmake" @ONLY)
configure_file("${CLAUDE_DEBIAN_SOURCES}/repack.cmake.in" "${CLAUDE_DEBIAN_DIR}/repack.cmake" @ONLY)

# claude_add_package(<component> NAME <package> SECTION <section> SUMMARY <line> DESCRIPTION <text>
#     [DEPENDS <dependency>...] [PROVIDES <package>...] [MULTIARCH <same|foreign>] [CONTROL <file>...])
#
# What dpkg-shlibdeps finds is added to the dependencies; the library of this build it does not know, so a package that
# says nothing of it depends on CLAUDE_RUNTIME_DEPENDS. CONTROL names further files for the control archive.
function(claude_add_package component)
    cmake_parse_arguments(PARSE_ARGV 1 package "" "NAME;SECTION;SUMMARY;DESCRIPTION;MULTIARCH" "DEPENDS;PROVIDES;CONTROL")
    string(TOUPPER "${component}" upper)
    if(NOT component STREQUAL runtime AND NOT package_DEPENDS MATCHES "${CLAUDE_RUNTIME_PACKAGE} ")
        list(PREPEND package_DEPENDS "${CLAUDE_RUNTIME_DEPENDS}")
    endif()
    list(JOIN package_DEPENDS ", " depends)
    list(JOIN package_PROVIDES ", " provides)
    set(prefix "CPACK_DEBIAN_${upper}")
    set(${prefix}_PACKAGE_NAME "${package_NAME}" PARENT_SCOPE)
    set(${prefix}_PACKAGE_SECTION "${package_SECTION}" PARENT_SCOPE)
    set(${prefix}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
    set(${prefix}_PACKAGE_PROVIDES "${provides}" PARENT_SCOPE)
    set(${prefix}_PACKAGE_CONTROL_EXTRA "${package_CONTROL}" PARENT_SCOPE)
    set(${prefix}_DESCRIPTION "${package_SUMMARY}\n${package_DESCRIPTION}" PARENT_SCOPE)
    set(CLAUDE_PACKAGE_COMPONENTS ${CLAUDE_PACKAGE_COMPONENTS} ${component} PARENT_SCOPE)

    # A field that cpack does not know; repack.cmake adds it.
    file(REMOVE "${CLAUDE_DEBIAN_DIR}/fields/${package_NAME}")
    if(package_MULTIARCH)
        file(CONFIGURE OUTPUT "${CLAUDE_DEBIAN_DIR}/fields/${package_NAME}" CONTENT "Multi-Arch: ${package_MULTIARCH}\n")
    endif()

    set(documents "${CMAKE_INSTALL_DATAROOTDIR}/doc/${package_NAME}")
    install(FILES "${CLAUDE_DEBIAN_SOURCES}/copyright" DESTINATION "${documents}" COMPONENT ${component})
    install(FILES "${CLAUDE_DEBIAN_DIR}/changelog.gz" "${CLAUDE_DEBIAN_DIR}/changelog.Debian.gz"
        DESTINATION "${documents}" COMPONENT ${component})
    install(FILES "${CLAUDE_DEBIAN_SOURCES}/lintian-overrides" RENAME "${package_NAME}"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides" COMPONENT ${component})
endfunction()

# Ours and Debian's changelog, compressed as Debian wants it: without name and time.
foreach(pair "${PROJECT_SOURCE_DIR}/CHANGELOG.md|changelog" "${CLAUDE_DEBIAN_DIR}/changelog|changelog.Debian")
    string(REPLACE "|" ";" pair "${pair}")
    list(GET pair 0 from)
    list(GET pair 1 to)
    add_custom_command(OUTPUT "${CLAUDE_DEBIAN_DIR}/${to}.gz"
        COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=${CLAUDE_gzip_PROGRAM}" "-DFROM=${from}"
            "-DTO=${CLAUDE_DEBIAN_DIR}/${to}.gz" -P "${CLAUDE_DEBIAN_SOURCES}/compress.cmake"
        DEPENDS "${from}" VERBATIM)
endforeach()
add_custom_target(claude_changelogs ALL
    DEPENDS "${CLAUDE_DEBIAN_DIR}/changelog.gz" "${CLAUDE_DEBIAN_DIR}/changelog.Debian.gz")

# ---- runtime

# Every symbol and the version it came in. dpkg-shlibdeps makes from it what a program depends on.
set(symbols "${CLAUDE_DEBIAN_DIR}/runtime/symbols")
add_custom_command(OUTPUT "${symbols}"
    COMMAND "${CMAKE_COMMAND}" "-DMAP=${CLAUDE_MAP}" "-DSONAME=libclaude.so.${CLAUDE_SO_VERSION}"
        "-DPACKAGE=${CLAUDE_RUNTIME_PACKAGE}" "-DOUT=${symbols}" -P "${CLAUDE_DEBIAN_SOURCES}/symbols.cmake"
    DEPENDS "${CLAUDE_MAP}" "${CLAUDE_DEBIAN_SOURCES}/symbols.cmake" VERBATIM)
add_custom_target(claude_symbols ALL DEPENDS "${symbols}")
file(CONFIGURE OUTPUT "${CLAUDE_DEBIAN_DIR}/runtime/shlibs"
    CONTENT "libclaude ${CLAUDE_SO_VERSION} ${CLAUDE_RUNTIME_DEPENDS}\n")
file(CONFIGURE OUTPUT "${CLAUDE_DEBIAN_DIR}/runtime/triggers" CONTENT "activate-noawait ldconfig\n")

claude_add_package(runtime NAME "${CLAUDE_RUNTIME_PACKAGE}" SECTION libs MULTIARCH same
    PROVIDES "libclaude0 (= ${CLAUDE_PACKAGE_VERSION})"
    CONTROL "${symbols}" "${CLAUDE_DEBIAN_DIR}/runtime/shlibs" "${CLAUDE_DEBIAN_DIR}/runtime/triggers"
    SUMMARY "client library for Anthropic's Claude API"
    DESCRIPTION "libclaude is a complete client for the Claude API with a stable C ABI:
messages, streams, tools, batches and files, and retries, rate limiting and
failover where a program asks for them. It starts no threads, writes no files
and does nothing that the program has not asked for.
.
This package is what programs need to run that were built with libclaude.")

# ---- dev

claude_add_package(dev NAME libclaude-dev SECTION libdevel MULTIARCH same
    DEPENDS "${CLAUDE_RUNTIME_PACKAGE} (= ${CLAUDE_PACKAGE_VERSION})"
        "libcurl4-openssl-dev (>= ${CLAUDE_CURL_MINIMUM}) | libcurl4-gnutls-dev (>= ${CLAUDE_CURL_MINIMUM})"
        "libjson-c-dev (>= ${CLAUDE_JSONC_MINIMUM})" "zlib1g-dev"
    SUMMARY "client library for Anthropic's Claude API - development files"
    DESCRIPTION "libclaude is a complete client for the Claude API with a stable C ABI:
messages, streams, tools, batches and files, and retries, rate limiting and
failover where a program asks for them.
.
This package has the headers, the static archive, what pkg-config and CMake
need to find them, and the reference of all functions as HTML.")

# ---- python

# CLAUDE_CFFI_API is what the module asks of CFFI's run-time part.
add_subdirectory("${CLAUDE_DEBIAN_SOURCES}/python" "${CLAUDE_DEBIAN_DIR}/python")
claude_add_package(python NAME python3-libclaude SECTION python
    DEPENDS "python3 (>= 3.9)"
        "python3-cffi-backend-api-min (<= ${CLAUDE_CFFI_API})" "python3-cffi-backend-api-max (>= ${CLAUDE_CFFI_API})"
    CONTROL "${CLAUDE_DEBIAN_SOURCES}/python/postinst" "${CLAUDE_DEBIAN_SOURCES}/python/prerm"
    SUMMARY "client for Anthropic's Claude API over libclaude - Python module"
    DESCRIPTION "Messages, streams that are iterators, asyncio, tools made of functions,
batches, types for editors and checkers: the Python binding of libclaude, a
client library for the Claude API. One module for every Python 3.")

# ---- lua

add_subdirectory("${CLAUDE_DEBIAN_SOURCES}/lua" "${CLAUDE_DEBIAN_DIR}/lua")
claude_add_package(lua NAME lua-claude SECTION interpreters MULTIARCH same
    PROVIDES ${CLAUDE_LUA_PROVIDES}
    SUMMARY "client for Anthropic's Claude API over libclaude - Lua module"
    DESCRIPTION "Messages, streams that are iterators, coroutines in luv, copas and cqueues:
the Lua binding of libclaude, a client library for the Claude API. For Lua
5.1 to 5.4 and LuaJIT.")

# ---- all of them

# Called last, when all packages have been added.
macro(claude_finish_packages)
    if(TARGET claudec)
        claude_add_package(claudec NAME claudec SECTION utils
            SUMMARY "command-line tool for Anthropic's Claude API"
            DESCRIPTION "Asks Claude from a shell: prompts from arguments or standard input, answers
streamed to the terminal or as JSON, images and documents by their paths,
batches, usage and costs; a self-test of the connection, and the curl command
of a call.")
    endif()
    set(CPACK_GENERATOR DEB)
    set(CPACK_PACKAGE_NAME libclaude)
    set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
    set(CPACK_PACKAGE_CONTACT "${CLAUDE_PACKAGE_MAINTAINER}")
    set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
    set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
    set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
    set(CPACK_VERBATIM_VARIABLES ON)
    set(CPACK_COMPONENTS_ALL ${CLAUDE_PACKAGE_COMPONENTS})
    set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
    set(CPACK_DEB_COMPONENT_INSTALL ON)
    set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
    set(CPACK_DEBIAN_PACKAGE_SOURCE libclaude)
    set(CPACK_DEBIAN_PACKAGE_RELEASE "${CLAUDE_PACKAGE_REVISION}")
    set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
    set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
    set(CPACK_PRE_BUILD_SCRIPTS "${CLAUDE_DEBIAN_DIR}/strip.cmake")
    set(CPACK_POST_BUILD_SCRIPTS "${CLAUDE_DEBIAN_DIR}/repack.cmake")
    include(CPack)
endmacro()
