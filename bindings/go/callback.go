package claude

// #include "glue.h"
import "C"

import (
	"runtime/cgo"
	"sync"
)

// What C calls. Nothing of the program runs in here: it would do so inside of the library, with locks held. C is given
// numbers that stand for Go's memory, never the memory.

// deprecations are notices on their way to a handler.
type deprecations struct {
	handler func(model, text string)
	mu      sync.Mutex
	waiting [][2]string
}

// WithDeprecationHandler has a function called for each deprecated model that a client's calls name, once per model, by the
// goroutine that starts the call.
func WithDeprecationHandler(handler func(model, text string)) Option {
	notices := &deprecations{handler: handler}
	return Option{
		client: func(config *C.claude_config_t) error {
			if handler == nil {
				return fail(CodeInvalid, "the handler is nil")
			}
			var failure *C.claude_error_t
			code := C.claude_go_on_deprecation(config, C.uintptr_t(cgo.NewHandle(notices)), &failure)
			return check(code, failure)
		},
		call:    ofClients("WithDeprecationHandler"),
		notices: notices,
	}
}

// tell calls the handler; no lock is held.
func (d *deprecations) tell() {
	if d == nil {
		return
	}
	d.mu.Lock()
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	for _, notice := range waiting {
		d.handler(notice[0], notice[1])
	}
}

//export claude_go_deprecated
func claude_go_deprecated(model, text *C.char, handle C.uintptr_t) {
	notices := cgo.Handle(handle).Value().(*deprecations)
	notices.mu.Lock()
	defer notices.mu.Unlock()
	notices.waiting = append(notices.waiting, [2]string{C.GoString(model), C.GoString(text)})
}

// sink are events on their way to a program, of a call that the library runs.
type sink struct{ events []Event }

//export claude_go_event
func claude_go_event(lent *C.claude_event_t, handle C.uintptr_t) {
	to := cgo.Handle(handle).Value().(*sink)
	var kind, index C.int32_t
	var text *C.char
	var textLen, jsonLen C.size_t
	C.claude_event_view(lent, &kind, &index, &text, &textLen)
	json := C.claude_event_json(lent, &jsonLen)
	to.events = append(to.events, Event{
		Kind: EventKind(kind), Index: int(index), Text: C.GoStringN(text, C.int(textLen)), hasText: text != nil,
		json: C.GoStringN(json, C.int(jsonLen)), name: C.GoString(C.claude_event_name(lent)),
	})
}

//export claude_go_drop
func claude_go_drop(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
