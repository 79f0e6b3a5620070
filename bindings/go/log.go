package claude

// #include "glue.h"
import "C"

import (
	"runtime/cgo"
	"sync/atomic"
)

// A LogLevel is how much a log line matters; each includes those above it.
type LogLevel int32

// The levels.
const (
	// A call has failed.
	LogError LogLevel = C.CLAUDE_LOG_ERROR
	// Something went wrong that may still end well: a retry, a breaker that opened, a deprecated model.
	LogWarn LogLevel = C.CLAUDE_LOG_WARN
	// Calls as they begin and end, waits for the rate limiter.
	LogInfo LogLevel = C.CLAUDE_LOG_INFO
	// Each attempt.
	LogDebug LogLevel = C.CLAUDE_LOG_DEBUG
	// Headers, bodies and events: names and sizes.
	LogTrace LogLevel = C.CLAUDE_LOG_TRACE
)

// String is "error", "warn", "info", "debug" or "trace"; "" for what is no level.
func (l LogLevel) String() string { return C.GoString(C.claude_log_level_name(C.int32_t(l))) }

// A LogLine is what has happened to a call. RawJSON and Decode give its fields, an object on one line; docs/diagnostics.md
// lists them. No key is in it.
type LogLine struct {
	Level LogLevel
	// Event is what has happened, "call.end" for example.
	Event string
	raw
}

// WithLog has a function take the log lines of a client's calls, up to a level.
//
// It runs in a goroutine of its own, but all calls of the client wait for it: let it be quick, and not use its client. When
// it panics, so does the goroutine that waits for a call of the client, with an error that wraps what it said; if none does,
// the next one that begins a call.
func WithLog(level LogLevel, log func(LogLine)) Option {
	to := &logger{log: log}
	return Option{
		client: func(config *C.claude_config_t) error {
			if log == nil {
				return fail(CodeInvalid, "the function for log lines is nil")
			}
			var failure *C.claude_error_t
			return check(C.claude_go_on_log(config, C.int32_t(level), C.uintptr_t(cgo.NewHandle(to)), &failure), failure)
		},
		call:   ofClients("WithLog"),
		logger: to,
	}
}

// A logger takes a client's log lines.
type logger struct {
	log      func(LogLine)
	panicked atomic.Pointer[observerPanic]
}

// raise panics if the function has.
func (l *logger) raise() {
	if l != nil && l.panicked.Load() != nil {
		l.panicked.Swap(nil).raise()
	}
}

//export claude_go_logged
func claude_go_logged(level C.int32_t, event, fields *C.char, length C.size_t, handle C.uintptr_t) {
	to := cgo.Handle(handle).Value().(*logger)
	line := LogLine{LogLevel(level), C.GoString(event), raw{string(copyBytes(pointer(fields), length))}}
	if failed := apart(func() { to.log(line) }); failed != nil {
		failed.who = "the function for log lines"
		to.panicked.CompareAndSwap(nil, failed)
	}
}
