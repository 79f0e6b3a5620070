package claude

// #include "glue.h"
import "C"

import (
	"context"
	"fmt"
	"runtime"
	"runtime/cgo"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// An Attempt is one attempt of a call, about to be sent.
type Attempt struct {
	// Number is which attempt of its call it is: 1, 2, ...
	Number int
	// Endpoint is where it goes to: the number among the endpoints of failover, else 0.
	Endpoint int
	URL      string
	Method   string
	// EndpointName is what the request asks for, by the name of docs/endpoints.md; Model is "" if it names none.
	EndpointName string
	Model        string
	// Backoff and LimiterWait are how long the call waited before it.
	Backoff     time.Duration
	LimiterWait time.Duration

	lent *C.claude_attempt_t // nil when the observer has returned
}

// An AttemptResult is what became of an attempt.
type AttemptResult struct {
	// Code is 0 if it went well.
	Code       Code
	HTTPStatus int
	RequestID  string
	Duration   time.Duration
	// FirstEvent is how long it took to the first event of a stream; negative if none came.
	FirstEvent time.Duration
	// InputTokens and OutputTokens are what the answer reports, negative if it reports none. Those that were read from the
	// cache, or written to it, are among the input.
	InputTokens  int64
	OutputTokens int64
}

// An AttemptObserver is told of an attempt before it is sent, with the context of its call. It may set headers, and returns
// what is to be told when the attempt has ended, or nil.
type AttemptObserver func(ctx context.Context, attempt *Attempt) (ended func(AttemptResult))

// WithAttemptObserver has a function told of every attempt that is made for a client's calls: for traces, logs and metrics of
// a program's own. What it returns is called once, also when the attempt is cancelled.
//
// It runs in a goroutine of its own, but all calls of the client wait for it: let it be quick, and not use its client. When it
// panics the call ends, and the goroutine that waits for the call panics with an error that wraps what the observer said. If
// none does, the next one that begins a call of the client.
func WithAttemptObserver(observe AttemptObserver) Option {
	watch := &watcher{observe: observe, calls: map[unsafe.Pointer]*observed{}}
	return Option{
		client: func(config *C.claude_config_t) error {
			if observe == nil {
				return fail(CodeInvalid, "the observer is nil")
			}
			var failure *C.claude_error_t
			code := C.claude_go_on_attempt(config, C.uintptr_t(cgo.NewHandle(watch)), &failure)
			return check(code, failure)
		},
		call:    ofClients("WithAttemptObserver"),
		watcher: watch,
	}
}

// Header is a header of the request, "traceparent" for example; "" if there is none. Those that may carry a key are never
// shown.
func (a *Attempt) Header(name string) (value string) {
	if a.lent == nil {
		return ""
	}
	_ = withTexts(name, "the name of a header", nil, "", func(name, _ *C.char) error {
		value = C.GoString(C.claude_attempt_header(a.lent, name))
		return nil
	})
	return value
}

// SetHeader sets a header of the request, for this attempt only. Those that the library writes itself, and those that carry
// a key, are refused.
func (a *Attempt) SetHeader(name, value string) error {
	if a.lent == nil {
		return fail(CodeState, "the observer has returned: the attempt cannot be changed any more")
	}
	return withTexts(name, "the name of a header", &value, "the value of header "+name, func(name, value *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_attempt_set_header(a.lent, name, value, &failure), failure)
	})
}

// A watcher is a client's observer, and the calls that it is told of.
type watcher struct {
	observe AttemptObserver
	lost    atomic.Pointer[observerPanic] // of a call that nobody waited for

	mu    sync.Mutex
	calls map[unsafe.Pointer]*observed // by the library's call, or the runner that makes it
}

// An observed is a call, or all calls of a runner.
type observed struct {
	watcher  *watcher
	ctx      context.Context
	ended    func(AttemptResult) // of the attempt under way
	panicked atomic.Pointer[observerPanic]
}

// watch makes what an observer knows of a call, nil if there is no observer.
func (w *watcher) watch(ctx context.Context) *observed {
	if w == nil {
		return nil
	}
	return &observed{watcher: w, ctx: ctx}
}

// begin and end are the life of the handle that attempts are told with.
func (o *observed) begin(handle unsafe.Pointer) {
	if o != nil {
		o.watcher.mu.Lock()
		defer o.watcher.mu.Unlock()
		o.watcher.calls[handle] = o
	}
}

func (o *observed) end(handle unsafe.Pointer) {
	if o == nil {
		return
	}
	o.watcher.mu.Lock()
	defer o.watcher.mu.Unlock()
	if o.watcher.calls[handle] == o { // it may be another one's already
		delete(o.watcher.calls, handle)
	}
	if panicked := o.panicked.Swap(nil); panicked != nil {
		o.watcher.lost.CompareAndSwap(nil, panicked)
	}
}

// find is what is known of a call, or of the runner that makes it.
func (w *watcher) find(call, runner unsafe.Pointer) *observed {
	w.mu.Lock()
	defer w.mu.Unlock()
	if known := w.calls[call]; known != nil {
		return known
	}
	return w.calls[runner]
}

// An observerPanic is how an observer has failed.
type observerPanic struct {
	value  any
	stack  []byte
	goexit bool // it has called runtime.Goexit
	who    string
}

func (p *observerPanic) Error() string {
	return fmt.Sprintf("claude: %s has panicked: %v\n\n%s", p.who, p.value, p.stack)
}

// Unwrap is what it has panicked with, if that is an error.
func (p *observerPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// raise does here what was done there.
func (p *observerPanic) raise() {
	switch {
	case p == nil:
	case p.goexit:
		runtime.Goexit()
	default:
		panic(p)
	}
}

// raise panics if the observer of this call has.
func (o *observed) raise() {
	if o != nil {
		o.panicked.Swap(nil).raise()
	}
}

// raiseLost panics if the observer of a call has that nobody waited for.
func (w *watcher) raiseLost() {
	if w != nil {
		w.lost.Swap(nil).raise()
	}
}

// apart does something of the program's in a goroutine that it may end: C, which waits here with its locks held, must get its
// turn again.
func apart(do func()) (failed *observerPanic) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		failed = &observerPanic{goexit: true}
		defer func() {
			if value := recover(); value != nil {
				failed = &observerPanic{value: value, stack: debug.Stack()}
			}
		}()
		do()
		failed = nil
	}()
	<-done
	return failed
}

//export claude_go_attempted
func claude_go_attempted(lent *C.claude_attempt_t, runner *C.claude_runner_t, handle C.uintptr_t) {
	watch := cgo.Handle(handle).Value().(*watcher)
	call := C.claude_attempt_call(lent)
	known := watch.find(unsafe.Pointer(call), unsafe.Pointer(runner))
	if known == nil {
		return
	}
	var view C.claude_go_attempt
	C.claude_go_view(lent, &view)
	var failed *observerPanic
	if view.phase == C.CLAUDE_ATTEMPT_STARTS {
		attempt := &Attempt{
			Number: int(view.number), Endpoint: int(view.endpoint), URL: C.GoString(view.url),
			Method: C.GoString(view.method), EndpointName: C.GoString(view.endpoint_name),
			Model: C.GoString(view.model), Backoff: time.Duration(view.backoff_ms) * time.Millisecond,
			LimiterWait: time.Duration(view.limiter_wait_ms) * time.Millisecond, lent: lent,
		}
		failed = apart(func() { known.ended = watch.observe(known.ctx, attempt) })
		attempt.lent = nil
	} else if view.phase == C.CLAUDE_ATTEMPT_ENDS && known.ended != nil {
		result := AttemptResult{
			Code: Code(view.code), HTTPStatus: int(view.http_status), RequestID: C.GoString(view.request_id),
			Duration:    time.Duration(view.duration_ms) * time.Millisecond,
			FirstEvent:  time.Duration(view.first_event_ms) * time.Millisecond,
			InputTokens: int64(view.input_tokens), OutputTokens: int64(view.output_tokens),
		}
		failed = apart(func() { known.ended(result) })
		known.ended = nil
	}
	if failed != nil {
		failed.who = "the observer of attempts"
		known.panicked.CompareAndSwap(nil, failed)
		C.claude_call_cancel(call)
	}
}
