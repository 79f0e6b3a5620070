package claude

// #include "glue.h"
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A call is one call in flight: what the driver hands out and what a stream or a waiting goroutine takes. It belongs to
// both, and the library's handle is released when both are done.
type call struct {
	engine   *engine
	ctx      context.Context
	stream   bool          // somebody takes events
	observed *observed     // nil without an observer
	wake     chan struct{} // has an element when something has happened since it was last looked at
	// Set when the reader is to get no more events, although there may be some: its context has ended, or it was closed.
	stopped atomic.Bool

	mu       sync.Mutex
	handle   *C.claude_call_t // nil once released
	ready    []Event
	bytes    int
	paused   bool
	over     bool  // nothing more will be handed out
	why      error // why, if it was not the library that ended the call
	released bool  // nobody takes anything any more
}

// take is the driver's: items that happened to this call. It says whether the last one was its end.
func (c *call) take(items []C.claude_go_item, texts string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range items {
		if items[i].kind == C.CLAUDE_EVENT_NONE {
			c.over = true
			break
		}
		if c.released || !c.stream {
			continue
		}
		c.ready = append(c.ready, makeEvent(&items[i], texts))
		c.bytes += c.ready[len(c.ready)-1].size()
	}
	if !c.over && !c.paused && (c.bytes > highWaterBytes || len(c.ready) > highWaterEvents) {
		c.paused = true
		C.claude_call_pause(c.handle)
	}
	c.happened()
	return c.over
}

// end is the driver's: the call has ended with the engine.
func (c *call) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.why = why
	c.happened()
}

// happened tells the reader; the lock is held.
func (c *call) happened() {
	if c.over && c.released {
		c.unref()
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// events waits for events and exchanges them for the reader's last ones, whose memory is used again. None: the end.
func (c *call) events(used []Event) []Event {
	for i := range used {
		used[i] = Event{}
	}
	for {
		c.mu.Lock()
		if len(c.ready) > 0 || c.over {
			events := c.ready
			c.ready, c.bytes = used[:0], 0
			resume := c.paused
			c.paused = false
			c.mu.Unlock()
			if resume {
				c.control(func(handle *C.claude_call_t) { C.claude_call_resume(handle) })
			}
			return events
		}
		c.mu.Unlock()
		<-c.wake
	}
}

// isOver says whether the call has a result.
func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// control does something with the handle, if it is still there. Others may be in C meanwhile: one, and the driver.
func (c *call) control(do func(*C.claude_call_t)) {
	c.engine.gate.Lock()
	defer c.engine.gate.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.handle != nil {
		do(c.handle)
	}
}

// cancel ends the call, from any goroutine.
func (c *call) cancel() {
	c.control(func(handle *C.claude_call_t) { C.claude_call_cancel(handle) })
}

// stop ends the call and its events.
func (c *call) stop() {
	c.stopped.Store(true)
	c.cancel()
}

// release says that nobody takes anything any more. A call that is running ends.
func (c *call) release() {
	c.stopped.Store(true)
	c.control(func(handle *C.claude_call_t) {
		c.released = true
		c.ready = nil
		if c.over {
			c.unref()
		} else {
			C.claude_call_cancel(handle)
		}
	})
}

func (c *call) unref() {
	C.claude_call_unref(c.handle)
	c.observed.end(unsafe.Pointer(c.handle))
	c.handle = nil
}

// result is the answer of a call that is over, or why it failed.
func (c *call) result() (response *Response, err error) {
	err = fail(CodeState, "the call has been closed")
	c.control(func(handle *C.claude_call_t) {
		var lent *C.claude_response_t
		var failure *C.claude_error_t
		err = check(C.claude_call_result(handle, &lent, &failure), failure)
		if err == nil {
			response = copyResponse(lent)
			C.claude_response_unref(lent)
		}
	})
	if failed, ok := err.(*Error); ok {
		return nil, c.explain(c.engine.provider.blame(failed).(*Error))
	}
	return response, nil
}

// explain says who ended a call that was cancelled: the engine's end, or the context's.
func (c *call) explain(failed *Error) error {
	if failed.Code != CodeCanceled {
		return failed
	}
	if why, ok := c.why.(*Error); ok {
		failed.Code, failed.Category, failed.Message = why.Code, why.Category, why.Message
		return failed
	}
	if c.ctx.Err() != nil {
		return ended(c.ctx, failed)
	}
	return failed
}

// ended is the error of a call that its context ended: a deadline that passed is a timeout.
func ended(ctx context.Context, failed *Error) *Error {
	failed.cause = ctx.Err()
	failed.Message = "the call was ended by its context: " + ctx.Err().Error()
	if failed.cause == context.DeadlineExceeded {
		failed.Code, failed.Category = CodeTimeout, CategoryTimeout
	}
	return failed
}

// endedWait is the error of a feature's waiting that its context ended.
func endedWait(ctx context.Context, feature string) *Error {
	failed := ended(ctx, fail(CodeCanceled, ""))
	failed.Message, failed.Feature = "the waiting was ended by its context: "+ctx.Err().Error(), feature
	return failed
}
