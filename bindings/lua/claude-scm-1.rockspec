rockspec_format = "3.0"
package = "claude"
version = "scm-1" -- a release has a copy with its number, see scripts/release
source = {
    url = "file://.", -- made in a checkout: luarocks make
}
description = {
    summary = "A client for Anthropic's Claude API, on top of libclaude",
    detailed = [[
        Messages, streams that are iterators, coroutines in luv, copas and cqueues, exact JSON, errors that say what
        to do. For Lua 5.1 to 5.4 and LuaJIT. Needs libclaude, and SWIG 4.1 to build.]],
    license = "MIT",
}
dependencies = {
    "lua >= 5.1, < 5.5",
}
external_dependencies = {
    CLAUDE = {
        header = "claude/claude.h",
        library = "claude",
    },
}
build = {
    type = "make",
    build_variables = {
        CC = "$(CC)",
        CFLAGS = "$(CFLAGS)",
        LIBFLAG = "$(LIBFLAG)",
        LUA_INCDIR = "$(LUA_INCDIR)",
        CLAUDE_INCDIR = "$(CLAUDE_INCDIR)",
        CLAUDE_LIBDIR = "$(CLAUDE_LIBDIR)",
    },
    install_variables = {
        INST_LUADIR = "$(LUADIR)",
        INST_LIBDIR = "$(LIBDIR)",
        CLAUDE_INCDIR = "$(CLAUDE_INCDIR)",
        CLAUDE_LIBDIR = "$(CLAUDE_LIBDIR)",
    },
}
