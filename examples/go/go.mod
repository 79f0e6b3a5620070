module libclaude/examples

go 1.19

require libclaude/claude v0.8.0

replace libclaude/claude => ../../bindings/go
