package claude

// #include "glue.h"
import "C"

import (
	"strconv"
	"strings"
	"time"
)

// An Option configures a client, or one call. Those about the client alone are refused for a call.
type Option struct {
	client func(*C.claude_config_t) error
	call   func(request *C.claude_request_t, stream bool) error
	into   **Response
	// What the call asks for: CLAUDE_WITH_*.
	features C.uint32_t
	// What of an option of clients outlives the configuration.
	notices  *deprecations
	watcher  *watcher
	logger   *logger
	provider *provider
	secret   *Secret
}

// isHook says whether it is a function that the library calls for all of a client's calls.
func (o Option) isHook() bool {
	return o.notices != nil || o.watcher != nil || o.logger != nil || o.provider != nil
}

// ofClients refuses an option that calls cannot have.
func ofClients(name string) func(*C.claude_request_t, bool) error {
	return func(*C.claude_request_t, bool) error {
		return fail(CodeInvalid, "%s is an option of clients, not of calls", name)
	}
}

// ofCalls makes an option that clients cannot have.
func ofCalls(name string, call func(request *C.claude_request_t) error) Option {
	return Option{
		client: func(*C.claude_config_t) error {
			return fail(CodeInvalid, "%s is an option of calls, not of clients", name)
		},
		call: func(request *C.claude_request_t, _ bool) error { return call(request) },
	}
}

// WithQuery sets a parameter of a call's query.
func WithQuery(name, value string) Option {
	return ofCalls("WithQuery", func(request *C.claude_request_t) error {
		return withTexts(name, "the name of a query parameter", &value, "the query parameter "+name,
			func(name, value *C.char) error {
				var failure *C.claude_error_t
				return check(C.claude_request_set_query(request, name, value, &failure), failure)
			})
	})
}

// WithBetas adds beta names to a call. A client's are its option "beta".
func WithBetas(names ...string) Option {
	return ofCalls("WithBetas", func(request *C.claude_request_t) error {
		for _, name := range names {
			if err := addBeta(request, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// WithResponseInto stores the whole answer of a call that is not streamed, with its status and headers, where `into`
// points to.
func WithResponseInto(into **Response) Option {
	option := ofCalls("WithResponseInto", func(*C.claude_request_t) error { return nil })
	option.into = into
	return option
}

// WithAPIKey gives the key. Its format is checked. The library keeps it in guarded memory, and no message repeats it.
func WithAPIKey(key string) Option {
	return Option{
		client: func(config *C.claude_config_t) error { return setSecret(config, key) },
		call:   ofClients("WithAPIKey"),
	}
}

// WithBaseURL says where requests go, for gateways and tests.
func WithBaseURL(url string) Option { return WithConfig("base_url", url) }

// WithConfig sets an option of the library by its name, see docs/options.md: WithConfig("timeout.idle_ms", "30000").
func WithConfig(name, value string) Option {
	return Option{
		client: func(config *C.claude_config_t) error { return setConfig(config, name, value) },
		call:   func(request *C.claude_request_t, _ bool) error { return setOption(request, name, value) },
	}
}

// WithConfigJSON sets options of the library from a JSON object: {"timeout.idle_ms": 30000}, or nested:
// {"timeout": {"idle_ms": 30000}}. It is an option of clients.
func WithConfigJSON(object string) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			var failure *C.claude_error_t
			text := []byte(object)
			return check(C.claude_config_load_json(config, asCText(text), C.size_t(len(text)), &failure), failure)
		},
		call: ofClients("WithConfigJSON"),
	}
}

// WithHeader sends a header with every request, or with this one.
func WithHeader(name, value string) Option { return header(name, &value) }

// WithoutHeader removes a header that the client would send.
func WithoutHeader(name string) Option { return header(name, nil) }

// WithTimeout says how long an answer may take; for a stream, how long it may be silent. A context's deadline counts as
// well, whichever comes first.
func WithTimeout(timeout time.Duration) Option {
	const body, first, idle = "timeout.total_ms", "timeout.first_byte_ms", "timeout.idle_ms"
	return Option{
		client: func(config *C.claude_config_t) error {
			return eachTimeout(timeout, func(name, value string) error { return setConfig(config, name, value) },
				body, first, idle)
		},
		call: func(request *C.claude_request_t, stream bool) error {
			names := []string{body}
			if stream {
				names = []string{first, idle}
			}
			return eachTimeout(timeout, func(name, value string) error { return setOption(request, name, value) },
				names...)
		},
	}
}

func eachTimeout(timeout time.Duration, set func(name, value string) error, names ...string) error {
	if timeout <= 0 {
		return fail(CodeInvalid, "the timeout is %s; it must be more than 0", timeout)
	}
	value := strconv.FormatInt(int64((timeout+time.Millisecond-1)/time.Millisecond), 10)
	for _, name := range names {
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func setSecret(config *C.claude_config_t, key string) error {
	return withSecret(key, func(secret *C.claude_secret_t) error {
		var failure *C.claude_error_t
		return check(C.claude_config_set_secret(config, secret, &failure), failure)
	})
}

// withSecret calls use with a key in guarded memory.
func withSecret(key string, use func(*C.claude_secret_t) error) error {
	var secret *C.claude_secret_t
	var failure *C.claude_error_t
	bytes := append([]byte(key), 0)
	defer wipe(bytes)
	code := C.claude_secret_new(asCText(bytes), C.size_t(len(key)), &secret, &failure)
	if err := check(code, failure); err != nil {
		return err
	}
	defer C.claude_secret_unref(secret)
	return use(secret)
}

// withKeyOrNone is withSecret, with NULL where there is no key.
func withKeyOrNone(key string, use func(*C.claude_secret_t) error) error {
	if key == "" {
		return use(nil)
	}
	return withSecret(key, use)
}

func wipe(bytes []byte) {
	for i := range bytes {
		bytes[i] = 0
	}
}

func setConfig(config *C.claude_config_t, name, value string) error {
	return withTexts(name, "the name of an option", &value, "the value of "+name, func(key, text *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_config_set(config, key, text, &failure), failure)
	})
}

func setOption(request *C.claude_request_t, name, value string) error {
	return withTexts(name, "the name of an option", &value, "the value of "+name, func(key, text *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_request_set_option(request, key, text, &failure), failure)
	})
}

func header(name string, value *string) Option {
	texts := func(set func(name, value *C.char) error) error {
		return withTexts(name, "the name of a header", value, "the value of header "+name, set)
	}
	return Option{
		client: func(config *C.claude_config_t) error {
			return texts(func(name, value *C.char) error {
				var failure *C.claude_error_t
				return check(C.claude_config_set_header(config, name, value, &failure), failure)
			})
		},
		call: func(request *C.claude_request_t, _ bool) error {
			return texts(func(name, value *C.char) error {
				var failure *C.claude_error_t
				return check(C.claude_request_set_header(request, name, value, &failure), failure)
			})
		},
	}
}

// withTexts calls use with two texts for C, the second NULL if there is none.
func withTexts(a, whatA string, b *string, whatB string, use func(a, b *C.char) error) error {
	first, err := cText(a, whatA)
	if err != nil {
		return err
	}
	defer freeText(first)
	if b == nil {
		return use(first, nil)
	}
	second, err := cText(*b, whatB)
	if err != nil {
		return err
	}
	defer freeText(second)
	return use(first, second)
}

// cText is a text for C, which ends texts at a NUL. Release it with freeText.
func cText(text, what string) (*C.char, error) {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, fail(CodeInvalid, "%s has a NUL at byte %d", printable(what), at)
	}
	return C.CString(text), nil
}

// printable keeps what must not be in a message out of it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, text)
}
