//go:build !static

package claude

// #cgo pkg-config: libclaude
import "C"
