package claude

// #include "glue.h"
import "C"

import (
	"runtime"
	"time"
)

// A BreakerState is the state of a circuit breaker.
type BreakerState int32

// The states of a breaker. Zero stands for none.
const (
	// Everything is let through, and failures are counted.
	BreakerClosed BreakerState = C.CLAUDE_BREAKER_CLOSED
	// Nothing is let through for a time.
	BreakerOpen BreakerState = C.CLAUDE_BREAKER_OPEN
	// One call at a time is let through, to see whether it works again.
	BreakerHalfOpen BreakerState = C.CLAUDE_BREAKER_HALF_OPEN
)

var breakerStates = map[BreakerState]string{BreakerClosed: "closed", BreakerOpen: "open", BreakerHalfOpen: "half_open"}

// String is "closed", "open" or "half_open", "" for none.
func (s BreakerState) String() string { return breakerStates[s] }

// breakerStateNamed is the state of a name, zero for none.
func breakerStateNamed(name string) BreakerState {
	for state, known := range breakerStates {
		if known == name {
			return state
		}
	}
	return 0
}

// A BreakerResult is what became of something that a breaker has let through.
type BreakerResult int32

// What became of it.
const (
	BreakerSuccess BreakerResult = C.CLAUDE_BREAKER_SUCCESS
	BreakerFailure BreakerResult = C.CLAUDE_BREAKER_FAILURE
	// It tells nothing: cancelled, refused as wrong, never sent.
	BreakerNeutral BreakerResult = C.CLAUDE_BREAKER_NEUTRAL
)

// A Breaker is a circuit breaker: after so many failures nothing is let through for a time, then one call at a time, to see
// whether it works again. A client that is told to (breaker.enabled) has its own; this one can be shared by clients
// ([WithBreaker]), looked at, switched by hand, or stand before anything else that can fail. Any number of goroutines may
// use it.
type Breaker struct{ handle *C.claude_breaker_t }

// NewBreaker makes a breaker, closed, of options breaker.*: NewBreaker(WithConfig("breaker.failure_threshold", "3")).
func NewBreaker(options ...Option) (*Breaker, error) {
	breaker := &Breaker{}
	err := configured(options, func(config *C.claude_config_t) error {
		var failure *C.claude_error_t
		return check(C.claude_breaker_new(config, &breaker.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(breaker, func(breaker *Breaker) { C.claude_breaker_unref(breaker.handle) })
	return breaker, nil
}

// WithBreaker has a client use a breaker for its base URL, which enables [WithCircuitBreaker].
func WithBreaker(breaker *Breaker) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if breaker == nil || breaker.handle == nil {
				return fail(CodeInvalid, "the breaker was not made by NewBreaker")
			}
			defer runtime.KeepAlive(breaker)
			var failure *C.claude_error_t
			return check(C.claude_config_set_breaker(config, breaker.handle, &failure), failure)
		},
		call: ofClients("WithBreaker"),
	}
}

// A Permit is the leave to do something, which must be told what became of it.
type Permit struct {
	breaker *Breaker
	number  C.uint64_t
}

// Allow asks to be let through. The error of one that is not is [CodeCircuitOpen], and its RetryAfter says when to ask
// again. Calls of a client do this by themselves.
func (b *Breaker) Allow() (Permit, error) {
	defer runtime.KeepAlive(b)
	permit := Permit{breaker: b}
	var failure *C.claude_error_t
	if err := check(C.claude_breaker_allow(b.handle, &permit.number, &failure), failure); err != nil {
		return Permit{}, err
	}
	return permit, nil
}

// Record says what became of it; once.
func (p Permit) Record(what BreakerResult) {
	if p.breaker != nil {
		C.claude_breaker_record(p.breaker.handle, p.number, C.int32_t(what))
		runtime.KeepAlive(p.breaker)
	}
}

// State is the state now.
func (b *Breaker) State() BreakerState {
	defer runtime.KeepAlive(b)
	return BreakerState(C.claude_breaker_state(b.handle))
}

// RetryAfter is how long it is until asking may be of use, 0 if that is now.
func (b *Breaker) RetryAfter() time.Duration {
	defer runtime.KeepAlive(b)
	return time.Duration(C.claude_breaker_retry_after_ms(b.handle)) * time.Millisecond
}

// Counter is what has been counted since the breaker was made: "successes", "failures", "neutral", "refused", "opened",
// "probes", "failures_in_a_row"; negative for a name that is none of these.
func (b *Breaker) Counter(name string) int64 {
	defer runtime.KeepAlive(b)
	count := C.int64_t(-1)
	_ = withTexts(name, "the name of a counter", nil, "", func(name, _ *C.char) error {
		count = C.claude_breaker_counter(b.handle, name)
		return nil
	})
	return int64(count)
}

// Open opens the breaker by hand, for as long as is said, or for breaker.open_ms if that is 0.
func (b *Breaker) Open(forTime time.Duration) {
	C.claude_breaker_open(b.handle, milliseconds(forTime))
	runtime.KeepAlive(b)
}

// Close closes the breaker by hand: everything is let through again, and the failures are forgotten.
func (b *Breaker) Close() {
	C.claude_breaker_close(b.handle)
	runtime.KeepAlive(b)
}
