//go:build static

package claude

// The archive of libclaude, with its dependencies as shared libraries.

// #cgo pkg-config: libclaude-static
import "C"
