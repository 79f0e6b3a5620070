# Compiler and linker flags, as interface targets: warnings for all our C, hardening for the library, export rules for
# the shared library. Every flag is asked for first, so an older compiler leaves out what it does not know.

include(CheckCCompilerFlag)
include(CheckLinkerFlag)

# Adds to `target` each of the compiler flags that the compiler accepts.
function(claude_add_compile_flags target)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "CLAUDE_HAS${flag}" variable)
        check_c_compiler_flag("${flag}" ${variable})
        if(${variable})
            target_compile_options(${target} INTERFACE "${flag}")
        endif()
    endforeach()
endfunction()

# Adds to `target` each of the linker flags that the linker accepts.
function(claude_add_link_flags target)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "CLAUDE_LINKS${flag}" variable)
        check_linker_flag(C "${flag}" ${variable})
        if(${variable})
            target_link_options(${target} INTERFACE "${flag}")
        endif()
    endforeach()
endfunction()

add_library(claude_warnings INTERFACE)
claude_add_compile_flags(claude_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
    -Wformat=2 -Wundef -Wimplicit-fallthrough -Wdouble-promotion -Wtrampolines -Wbidi-chars=any
    -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion)
# Unasked: it is refused without -Wformat=2 before it.
target_compile_options(claude_warnings INTERFACE -Werror=format-security)
if(CLAUDE_WERROR)
    add_compile_options(-Werror)
endif()

# Sanitizers and coverage instrument everything in the tree, tests and sandbox included, so they are set for all of it.
if(CLAUDE_SANITIZE)
    add_compile_options(-fsanitize=${CLAUDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${CLAUDE_SANITIZE})
endif()
if(CLAUDE_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()

# Hardening. Not together with sanitizers (_FORTIFY_SOURCE hides overflows from ASan) or coverage (not optimised).
add_library(claude_hardening INTERFACE)
if(NOT CLAUDE_SANITIZE AND NOT CLAUDE_COVERAGE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(claude_hardening INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    claude_add_compile_flags(claude_hardening
        -fstrict-flex-arrays=3 -fstack-clash-protection -fstack-protector-strong
        -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing -fexceptions
        -fzero-init-padding-bits=all)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i[3-6]86)$")
        claude_add_compile_flags(claude_hardening -fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
        claude_add_compile_flags(claude_hardening -mbranch-protection=standard)
    endif()
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        # In release builds only: zeroed variables would hide uninitialised reads from valgrind.
        claude_add_compile_flags(claude_hardening -ftrivial-auto-var-init=zero)
    endif()
endif()
# A section for each function and table, so that the linker can drop what a build without a feature never reaches.
# Sanitizers and coverage have sections of their own, which must stay together.
if(NOT CLAUDE_SANITIZE AND NOT CLAUDE_COVERAGE)
    claude_add_compile_flags(claude_hardening -ffunction-sections -fdata-sections)
endif()
# Large frames have no place on the stack of a host's small thread.
claude_add_compile_flags(claude_hardening -Wstack-usage=16384)
# The same sources give the same binary wherever they lie.
claude_add_compile_flags(claude_hardening "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
if(NOT PROJECT_BINARY_DIR MATCHES "^${PROJECT_SOURCE_DIR}/")
    claude_add_compile_flags(claude_hardening "-ffile-prefix-map=${PROJECT_BINARY_DIR}/=build/")
endif()

# How the shared library is linked. Never `-z nodlopen`: plugin hosts dlopen it. `-z nodelete`: it must survive dlclose,
# because threads and fork handlers may still point into it.
add_library(claude_link INTERFACE)
claude_add_link_flags(claude_link
    -Wl,--as-needed -Wl,-Bsymbolic-functions -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
    -Wl,-z,separate-code -Wl,--exclude-libs,ALL -Wl,--no-undefined-version)
if(NOT CLAUDE_SANITIZE AND NOT CLAUDE_COVERAGE)
    claude_add_link_flags(claude_link -Wl,--gc-sections)
endif()
if(NOT CLAUDE_SANITIZE)
    # Clang leaves the sanitizer's run-time library to the program, so a sanitized library has undefined symbols.
    claude_add_link_flags(claude_link -Wl,-z,defs)
endif()

# How modules of other languages' interpreters are linked: those bring the symbols that are missing here.
add_library(claude_link_module INTERFACE)
claude_add_link_flags(claude_link_module
    -Wl,--as-needed -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)

# How programs that are shipped are compiled and linked: target_link_libraries(<program> PRIVATE claude_program).
add_library(claude_program INTERFACE)
target_link_libraries(claude_program INTERFACE claude_hardening)
claude_add_compile_flags(claude_program -fPIE)
claude_add_link_flags(claude_program
    -pie -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)
