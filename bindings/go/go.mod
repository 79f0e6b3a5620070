module libclaude/claude

go 1.19
