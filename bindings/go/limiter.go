package claude

// #include "glue.h"
import "C"

import (
	"context"
	"runtime"
	"time"
)

// A Limiter says how many requests and tokens may go, and who is next. A client that is told to (limiter.enabled) has its
// own; this one can be shared by clients ([WithLimiter]), looked at, or keep other work within the same limits. Nothing runs
// in the background. Any number of goroutines may use it.
type Limiter struct{ handle *C.claude_limiter_t }

// NewLimiter makes a limiter of options limiter.*: NewLimiter(WithConfig("limiter.requests_per_second", "5")).
func NewLimiter(options ...Option) (*Limiter, error) {
	limiter := &Limiter{}
	err := configured(options, func(config *C.claude_config_t) error {
		var failure *C.claude_error_t
		return check(C.claude_limiter_new(config, &limiter.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(limiter, func(limiter *Limiter) { C.claude_limiter_unref(limiter.handle) })
	return limiter, nil
}

// WithLimiter has a client use a limiter, which enables [WithRateLimiting].
func WithLimiter(limiter *Limiter) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if limiter == nil || limiter.handle == nil {
				return fail(CodeInvalid, "the limiter was not made by NewLimiter")
			}
			defer runtime.KeepAlive(limiter)
			var failure *C.claude_error_t
			return check(C.claude_config_set_limiter(config, limiter.handle, &failure), failure)
		},
		call: ofClients("WithLimiter"),
	}
}

// A Reservation is a place: granted, or in the queue. Settle or Close it when the work is done, or not wanted any more.
type Reservation struct{ handle *C.claude_reservation_t }

// Reserve takes a place for work on a type of endpoint ("messages", "count_tokens", "batches", "models", "files", "other")
// with so many tokens as far as is known; they count for messages only. What could not go within limiter.max_wait_ms is
// refused with [CodeThrottled]. Calls of a client do this by themselves.
func (l *Limiter) Reserve(endpointType string, inputTokens, outputTokens int64) (*Reservation, error) {
	defer runtime.KeepAlive(l)
	reservation := &Reservation{}
	err := withTexts(endpointType, "the type of endpoint", nil, "", func(endpointType, _ *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_limiter_reserve(l.handle, endpointType, C.int64_t(inputTokens), C.int64_t(outputTokens),
			&reservation.handle, &failure)
		return check(code, failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(reservation, func(r *Reservation) { C.claude_reservation_unref(r.handle) })
	return reservation, nil
}

// Wait waits until it is the reservation's turn. The end of ctx ends the waiting at once, and gives up the place.
func (r *Reservation) Wait(ctx context.Context) error {
	if ctx == nil {
		return fail(CodeInvalid, "the context is nil")
	}
	for {
		if ctx.Err() != nil {
			r.Close()
			return endedWait(ctx, "rate-limiting")
		}
		delay, err := r.Delay()
		if err != nil || delay == 0 {
			return err
		}
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// Delay asks whether it is the reservation's turn: 0 it may go now, and has been counted; else ask again after that time.
// One that could go but does not ask for 100 ms after it is overtaken.
func (r *Reservation) Delay() (time.Duration, error) {
	defer runtime.KeepAlive(r)
	var failure *C.claude_error_t
	wait := C.claude_reservation_wait_ms(r.handle, &failure)
	if wait < 0 {
		return 0, check(C.claude_code_t(wait), failure)
	}
	return time.Duration(wait) * time.Millisecond, nil
}

// Settle says what was really used, negative where it was as estimated, which ends the reservation. One whose turn had not
// come gives up its place. A second time does nothing.
func (r *Reservation) Settle(inputTokens, outputTokens int64) {
	C.claude_reservation_settle(r.handle, C.int64_t(inputTokens), C.int64_t(outputTokens))
	runtime.KeepAlive(r)
}

// Close ends a reservation that was not settled: as estimated, or without its turn.
func (r *Reservation) Close() { r.Settle(-1, -1) }

// Available is what could go at once, after what is waiting already: "requests", "input_tokens" or "output_tokens" of a type
// of endpoint. Negative: there is no limit, or no such name.
func (l *Limiter) Available(endpointType, what string) int64 {
	defer runtime.KeepAlive(l)
	count := C.int64_t(-1)
	_ = withTexts(endpointType, "the type of endpoint", &what, "what is asked for", func(name, what *C.char) error {
		count = C.claude_limiter_available(l.handle, name, what)
		return nil
	})
	return int64(count)
}

// Queued is how many wait for their turn.
func (l *Limiter) Queued() int {
	defer runtime.KeepAlive(l)
	return int(C.claude_limiter_queued(l.handle))
}
