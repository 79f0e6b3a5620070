package claude

// #include "glue.h"
import "C"

import (
	"fmt"
	"runtime/cgo"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// An AttemptPhase says whether an attempt starts or ends.
type AttemptPhase int32

// The phases of an attempt.
const (
	// It is about to be sent: headers can be read and set.
	AttemptStarts AttemptPhase = C.CLAUDE_ATTEMPT_STARTS
	// It is over: what became of it can be read.
	AttemptEnds AttemptPhase = C.CLAUDE_ATTEMPT_ENDS
)

// An Attempt is one attempt of a call, as it starts or as it ends.
type Attempt struct {
	Phase AttemptPhase
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

	// What follows is known when it ends. Code is what became of it, 0 if it went well.
	Code       Code
	HTTPStatus int
	RequestID  string
	Duration   time.Duration
	// FirstEvent is how long it took to the first event of a stream; negative if none came.
	FirstEvent time.Duration
	// InputTokens and OutputTokens are what the answer reports, negative if it reports none.
	InputTokens  int64
	OutputTokens int64

	lent *C.claude_attempt_t // nil when the observer has returned
}

// Header is a header of a request that starts, "traceparent" for example; "" if there is none. Those that may carry a key
// are never shown.
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

// SetHeader sets a header of a request that starts, for this attempt only. Those that the library writes itself, and those
// that carry a key, are refused.
func (a *Attempt) SetHeader(name, value string) error {
	if a.lent == nil {
		return fail(CodeState, "the observer has returned: the attempt cannot be changed any more")
	}
	return withTexts(name, "the name of a header", &value, "the value of header "+name, func(name, value *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_attempt_set_header(a.lent, name, value, &failure), failure)
	})
}

// A watcher is an observer of attempts, and how it failed.
type watcher struct {
	observe  func(*Attempt)
	panicked atomic.Pointer[observerPanic]
}

// WithAttemptObserver has a function told of every attempt that is made for a client's calls, as it starts and as it ends:
// for traces, logs and metrics of a program's own. Each that starts ends, also one that is cancelled.
//
// It runs in a goroutine of its own, but all calls of the client wait for it: let it be quick, and not use its client. Trace
// context is passed on by headers: give the call one ([WithHeader]), which the observer can read and replace.
//
// When it panics the attempt goes on, and the panic is raised again, with what the observer said wrapped in an error, in a
// goroutine that comes back from a call of the client, or begins one.
func WithAttemptObserver(observe func(*Attempt)) Option {
	watch := &watcher{observe: observe}
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

// An observerPanic is what an observer has panicked with.
type observerPanic struct {
	value any
	stack []byte
}

func (p *observerPanic) Error() string {
	return fmt.Sprintf("claude: the observer of attempts has panicked: %v\n\n%s", p.value, p.stack)
}

// Unwrap is what it has panicked with, if that is an error.
func (p *observerPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// tell runs the observer in a goroutine of its own, which a panic or runtime.Goexit may end: C, which waits here with its
// locks held, must get its turn again.
func (w *watcher) tell(attempt *Attempt) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if value := recover(); value != nil {
				w.panicked.CompareAndSwap(nil, &observerPanic{value, debug.Stack()})
			}
		}()
		w.observe(attempt)
	}()
	<-done
	attempt.lent = nil
}

// raise panics if the observer has.
func (w *watcher) raise() {
	if w == nil {
		return
	}
	if panicked := w.panicked.Swap(nil); panicked != nil {
		panic(panicked)
	}
}

//export claude_go_attempted
func claude_go_attempted(lent *C.claude_attempt_t, handle C.uintptr_t) {
	var view C.claude_go_attempt
	C.claude_go_view(lent, &view)
	cgo.Handle(handle).Value().(*watcher).tell(&Attempt{
		Phase: AttemptPhase(view.phase), Number: int(view.number), Endpoint: int(view.endpoint),
		URL: C.GoString(view.url), Method: C.GoString(view.method), EndpointName: C.GoString(view.endpoint_name),
		Model: C.GoString(view.model), Backoff: time.Duration(view.backoff_ms) * time.Millisecond,
		LimiterWait: time.Duration(view.limiter_wait_ms) * time.Millisecond, Code: Code(view.code),
		HTTPStatus: int(view.http_status), RequestID: C.GoString(view.request_id),
		Duration:    time.Duration(view.duration_ms) * time.Millisecond,
		FirstEvent:  time.Duration(view.first_event_ms) * time.Millisecond,
		InputTokens: int64(view.input_tokens), OutputTokens: int64(view.output_tokens), lent: lent,
	})
}
