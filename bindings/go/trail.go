package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"time"
)

// The most uses that a trail can hold.
const MaxTrail = C.CLAUDE_TRAIL_MAX

// StartTrail has the process keep a trail of keys: who used which one when, and from where; the last so many uses, 1 to
// [MaxTrail]. What it held is forgotten. No key is in it, and nothing is written anywhere.
func StartTrail(capacity int) error {
	if capacity < 0 {
		capacity = 0
	}
	var failure *C.claude_error_t
	return check(C.claude_trail_start(C.size_t(capacity), &failure), failure)
}

// StopTrail ends the trail and forgets what was kept.
func StopTrail() { C.claude_trail_stop() }

// ClearTrail forgets what was kept, and goes on.
func ClearTrail() { C.claude_trail_clear() }

// A Trail is a copy of the trail of keys. It never changes.
type Trail struct {
	// Capacity is how many uses there is room for, Dropped how many older ones there was no more room for.
	Capacity int
	Dropped  uint64
	// Uses are the oldest first.
	Uses []KeyUse
	raw
}

// A KeyUse is one use of a key.
type KeyUse struct {
	Time time.Time
	// Operation is "expose" (the program asked for the text) or "header" (it was put into a request).
	Operation string
	// Fingerprint names the key, see [Secret.Fingerprint].
	Fingerprint string
	// Thread is the system's number of the thread.
	Thread int64
	// Backtrace are the callers in C, the innermost first: "libclaude.so.0.8+0x1234", for addr2line.
	Backtrace []string
}

// ReadTrail takes a copy of the trail, which goes on. The error is [CodeState] if it was not started.
func ReadTrail() (*Trail, error) {
	var lent *C.claude_trail_t
	var failure *C.claude_error_t
	if err := check(C.claude_trail_read(&lent, &failure), failure); err != nil {
		return nil, err
	}
	defer C.claude_trail_unref(lent)
	var length C.size_t
	text := C.claude_trail_json(lent, &length)
	trail := &Trail{raw: raw{string(copyBytes(pointer(text), length))}}
	var fields struct {
		Capacity  int    `json:"capacity"`
		Dropped   uint64 `json:"dropped"`
		Exposures []struct {
			Time        int64    `json:"time_ms"`
			Operation   string   `json:"operation"`
			Fingerprint string   `json:"fingerprint"`
			Thread      int64    `json:"thread"`
			Backtrace   []string `json:"backtrace"`
		} `json:"exposures"`
	}
	if err := json.Unmarshal([]byte(trail.text), &fields); err != nil {
		return nil, fail(CodeNoMemory, "the trail cannot be read: %v", err)
	}
	trail.Capacity, trail.Dropped = fields.Capacity, fields.Dropped
	for _, use := range fields.Exposures {
		trail.Uses = append(trail.Uses,
			KeyUse{time.UnixMilli(use.Time), use.Operation, use.Fingerprint, use.Thread, use.Backtrace})
	}
	return trail, nil
}
