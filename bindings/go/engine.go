package claude

// #include <fcntl.h>
// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	// Memory for events is taken in pieces of this size, which the events of a while share.
	arenaBytes = 64 << 10
	// A call whose reader is this far behind is paused, so that the server waits and memory has a bound.
	highWaterBytes  = 256 << 10
	highWaterEvents = 1024
)

// An engine runs the calls of a client: one event loop of the library, driven by one goroutine that waits for the loop's
// descriptor in Go's network poller. It starts with the first call.
//
// Threads are few because goroutines wait for each other in Go, not in C: the driver is in C with `loop` held, and of all
// others one at a time, with `gate` held. Lock order: gate, loop, then a call's own.
type engine struct {
	gate     sync.Mutex
	client   *C.claude_client_t // nil once closed
	borrowed int                // by how many, with the gate open
	left     *C.claude_client_t // what they have, once closed
	gone     chan struct{}      // closed when the client is
	notices  *deprecations
	watcher  *watcher
	logger   *logger
	// Nil without one.
	provider *provider
	hooks    []Option // the functions that the library calls, for further snapshots
	tellers  atomic.Pointer[[]heard]

	mu       sync.Mutex // held for every function of the loop
	loop     *C.claude_loop_t
	calls    map[uint64]*call
	tags     uint64
	closing  bool
	turning  bool          // the driver is in C: a function of the program may let others have the loop meanwhile
	finished chan struct{} // closed when the driver has ended

	// Of the driver alone.
	file  *os.File
	batch *C.claude_go_batch
	arena []byte
}

func newEngine(client *C.claude_client_t) *engine {
	return &engine{client: client, calls: map[uint64]*call{}, gone: make(chan struct{})}
}

// adopt keeps what of the options of a client outlives the configuration.
func (e *engine) adopt(options []Option) {
	for _, option := range options {
		if option.isHook() {
			e.hooks = append(e.hooks, option)
		}
		if option.notices != nil {
			e.notices = option.notices
		}
		if option.watcher != nil {
			e.watcher = option.watcher
		}
		if option.logger != nil {
			e.logger = option.logger
		}
		if option.provider != nil {
			e.provider = option.provider
			e.provider.serve(e)
		}
		if option.secret != nil {
			e.hear(KeyOfClient, option.secret.told)
		}
	}
}

// raise panics if a function of the program has that C called for one of the client's calls.
func (e *engine) raise() {
	e.logger.raise()
	e.provider.raise()
}

// start sends a request.
func (e *engine) start(ctx context.Context, make maker, options []Option, stream bool) (*call, error) {
	e.gate.Lock()
	defer e.gate.Unlock()
	request, err := make.applied(options, stream)
	if err != nil {
		return nil, err
	}
	defer C.claude_request_unref(request)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.client == nil {
		return nil, errGone()
	}
	if e.loop == nil {
		if err := e.open(); err != nil {
			return nil, err
		}
	}
	var failure *C.claude_error_t
	started := &call{engine: e, ctx: ctx, stream: stream, wake: newSignal(), observed: e.watcher.watch(ctx)}
	e.tags++
	code := C.claude_loop_submit(e.loop, request, flagsOf(options, stream), C.uint64_t(e.tags), &started.handle, &failure)
	if err := check(code, failure); err != nil {
		return nil, err
	}
	started.observed.begin(unsafe.Pointer(started.handle))
	e.calls[e.tags] = started
	return started, nil
}

func newSignal() chan struct{} { return make(chan struct{}, 1) }

// open makes the loop and starts the driver; both locks are held.
func (e *engine) open() error {
	var loop *C.claude_loop_t
	var failure *C.claude_error_t
	if err := check(C.claude_loop_new(e.client, &loop, &failure), failure); err != nil {
		return err
	}
	// A copy of the descriptor, because os.File closes what it is given.
	fd, err := fcntl(int(C.claude_loop_fd(loop)), syscall.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		C.claude_loop_unref(loop)
		return fail(CodeLimit, "no file descriptor for the event loop: %v", err)
	}
	e.loop = loop
	e.file = os.NewFile(uintptr(fd), "libclaude")
	e.batch = (*C.claude_go_batch)(C.malloc(C.sizeof_claude_go_batch)) // never nil in Go
	*e.batch = C.claude_go_batch{}
	e.finished = make(chan struct{})
	go e.drive()
	return nil
}

func fcntl(fd, command, argument int) (int, error) {
	result, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), uintptr(command), uintptr(argument))
	if errno != 0 {
		return -1, errno
	}
	return int(result), nil
}

// drive does what there is to do whenever the descriptor is readable, until the engine is closed.
func (e *engine) drive() {
	defer close(e.finished)
	var broken error
	conn, err := e.file.SyscallConn()
	if err == nil {
		err = conn.Read(func(uintptr) bool {
			broken = e.work()
			return broken != nil
		})
	}
	if err != nil {
		broken = fail(CodeIO, "the event loop's descriptor cannot be polled: %v", err)
	}
	e.shut(broken)
}

// work runs the loop until it has nothing to do. It returns why the engine ends, or nil to wait for the descriptor.
func (e *engine) work() error {
	for {
		e.mu.Lock()
		if e.closing {
			e.mu.Unlock()
			return errClosed
		}
		more, err := e.turn()
		e.mu.Unlock()
		if err != nil || !more {
			return err
		}
		runtime.Gosched()
	}
}

// turn takes what has happened and hands it out. It says whether there may be more. The lock is held.
func (e *engine) turn() (bool, error) {
	dispatch := C.int32_t(1)
	for {
		if len(e.arena) < arenaBytes/16 || len(e.arena) < int(e.batch.needed) {
			size := arenaBytes
			if size < int(e.batch.needed) {
				size = int(e.batch.needed)
			}
			e.arena = make([]byte, size)
		}
		e.turning = true
		code := C.claude_go_take(e.loop, e.batch, asCText(e.arena), C.size_t(len(e.arena)), dispatch)
		e.turning = false
		if code < 0 {
			failure := e.batch.err
			e.batch.err = nil
			return false, check(code, failure)
		}
		e.hand(e.arena[:e.batch.used])
		e.arena = e.arena[e.batch.used:]
		// Other functions of the loop would end the life of an event that waits for room.
		if e.batch.needed == 0 {
			return code != 0, nil
		}
		dispatch = 0
	}
}

// hand gives what has happened to the calls it happened to.
func (e *engine) hand(bytes []byte) {
	texts := asString(bytes)
	items := (*[C.CLAUDE_GO_ITEMS]C.claude_go_item)(unsafe.Pointer(&e.batch.items))[:e.batch.count]
	for len(items) > 0 {
		tag := items[0].tag
		run := 1
		for run < len(items) && items[run].tag == tag {
			run++
		}
		if e.calls[uint64(tag)].take(items[:run], texts) {
			delete(e.calls, uint64(tag))
		}
		items = items[run:]
	}
}

// makeEvent makes an event of an item whose texts are at places in texts.
func makeEvent(item *C.claude_go_item, texts string) Event {
	event := Event{
		Kind:    EventKind(item.kind),
		Index:   int(item.index),
		json:    texts[item.json : item.json+item.json_len],
		hasText: item.has_text != 0,
	}
	if event.hasText {
		event.Text = texts[item.text : item.text+item.text_len]
	}
	if item.name_len > 0 {
		event.name = texts[item.name : item.name+C.size_t(item.name_len)]
	}
	return event
}

// errClosed ends the calls of a client that is closed.
var errClosed = fail(CodeCanceled, "the client was closed while the call was running")

func errGone() error { return fail(CodeState, "the client has been closed") }

// close ends all calls and waits for the driver's end. It may be called again.
func (e *engine) close() {
	e.gate.Lock()
	defer e.gate.Unlock()
	e.mu.Lock()
	e.closing = true
	e.provider.end()
	if e.loop != nil {
		C.claude_loop_wakeup(e.loop)
	}
	e.mu.Unlock()
	if e.finished != nil {
		<-e.finished
	}
	if e.client == nil {
		return
	}
	close(e.gone)
	if e.borrowed > 0 {
		e.left = e.client
	} else {
		C.claude_client_unref(e.client)
	}
	e.client = nil
}

// borrow keeps the client for something that takes longer than the gate may be held, until it is given back.
func (o *owner) borrow() (client *C.claude_client_t, err error) {
	err = o.lend(func(lent *C.claude_client_t) error {
		client = lent
		o.engine.borrowed++
		return nil
	})
	return client, err
}

func (o *owner) giveBack() {
	e := o.engine
	e.gate.Lock()
	defer e.gate.Unlock()
	e.borrowed--
	if e.borrowed == 0 {
		C.claude_client_unref(e.left)
		e.left = nil
	}
	runtime.KeepAlive(o)
}

// shut lets go of the loop and tells every call why.
func (e *engine) shut(why error) {
	e.file.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closing = true
	C.claude_loop_unref(e.loop)
	e.loop = nil
	C.free(unsafe.Pointer(e.batch))
	for tag, call := range e.calls {
		call.end(why)
		delete(e.calls, tag)
	}
}
