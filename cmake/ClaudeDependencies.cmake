# The core needs libcurl, json-c and zlib, and nothing else. What is missing is named with the package that brings it.

find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
    message(FATAL_ERROR "pkg-config is missing. On Debian: apt-get install pkg-config")
endif()

# Finds a pkg-config module of at least a version as the imported target PkgConfig::<prefix>.
function(claude_require prefix module version package)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL "${module}>=${version}")
    if(${prefix}_FOUND)
        message(STATUS "Found ${module} ${${prefix}_VERSION}")
        return()
    endif()
    pkg_check_modules(${prefix}_ANY QUIET "${module}")
    if(${prefix}_ANY_FOUND)
        message(FATAL_ERROR "${module} ${${prefix}_ANY_VERSION} is too old: libclaude needs ${version} or newer. "
            "On Debian 12 or newer: apt-get install ${package}")
    endif()
    message(FATAL_ERROR "${module} is missing: libclaude needs ${version} or newer. "
        "On Debian: apt-get install ${package}")
endfunction()

set(CLAUDE_CURL_MINIMUM 7.87)
set(CLAUDE_JSONC_MINIMUM 0.16)
set(CLAUDE_ZLIB_MINIMUM 1.2.11)
claude_require(CLAUDE_CURL libcurl ${CLAUDE_CURL_MINIMUM} libcurl4-openssl-dev)
claude_require(CLAUDE_JSONC json-c ${CLAUDE_JSONC_MINIMUM} libjson-c-dev)
claude_require(CLAUDE_ZLIB zlib ${CLAUDE_ZLIB_MINIMUM} zlib1g-dev)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
