package claude

// #include "glue.h"
import "C"

import "unsafe"

// WithCompression has requests sent in gzip where that makes them smaller, and asks for answers in gzip: those of a client, or
// one call. docs/compression.md says what happens with servers that do not read it.
func WithCompression() Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if err := setConfig(config, "compression.enabled", "true"); err != nil {
				return err
			}
			return setConfig(config, "compression.responses", "true")
		},
		call: func(request *C.claude_request_t, _ bool) error {
			var failure *C.claude_error_t
			return check(C.claude_add_compression_headers(request, &failure), failure)
		},
	}
}

// Compress compresses bytes in gzip, if that makes them smaller, and says whether it did. Of options it takes
// compression.level and compression.min_size.
func Compress(data []byte, options ...Option) (packed []byte, compressed bool, err error) {
	err = configured(options, func(config *C.claude_config_t) error {
		var out *C.claude_response_t
		var failure *C.claude_error_t
		code := C.claude_compress(unsafe.Pointer(asCText(data)), C.size_t(len(data)), config, &out, &failure)
		packed, compressed, err = handedOut(code, out, failure)
		return err
	})
	return packed, compressed, err
}

// Decompress decompresses gzip, and says whether it was: what does not begin as gzip does comes back as it is. More than
// maxBytes are [CodeTooLarge]; 0 is the default of limit.message_bytes, 64 MiB.
func Decompress(data []byte, maxBytes uint64) (content []byte, decompressed bool, err error) {
	var out *C.claude_response_t
	var failure *C.claude_error_t
	code := C.claude_decompress(unsafe.Pointer(asCText(data)), C.size_t(len(data)), C.size_t(maxBytes), &out, &failure)
	return handedOut(code, out, failure)
}

// IsGzip says whether bytes begin as gzip does.
func IsGzip(data []byte) bool {
	return C.claude_is_gzip(unsafe.Pointer(asCText(data)), C.size_t(len(data))) == 1
}

// handedOut copies bytes that were handed out with a code: 1 if they are others than those that went in.
func handedOut(code C.claude_code_t, out *C.claude_response_t, failure *C.claude_error_t) ([]byte, bool, error) {
	if err := check(code, failure); err != nil {
		return nil, false, err
	}
	defer C.claude_response_unref(out)
	return bytesOf(out), code == 1, nil
}

// copyBytes copies what C has lent, of any length.
func copyBytes(lent unsafe.Pointer, length C.size_t) []byte {
	if lent == nil || length == 0 {
		return []byte{}
	}
	return append([]byte(nil), unsafe.Slice((*byte)(lent), int(length))...)
}
