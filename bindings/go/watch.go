package claude

// #include "glue.h"
import "C"

import (
	"context"
	"os"
	"runtime"
	"runtime/cgo"
	"sync"
	"syscall"
	"time"
)

// A Watcher is configuration in a file that may change while clients use it; docs/configuration.md says what stands in it.
// A file is taken over as a whole or not at all. No goroutine watches unless one is in [Watcher.Watch]: attached clients look
// before each call. Any number of goroutines may use it.
type Watcher struct {
	handle *C.claude_watcher_t
	told   *teller
}

// NewWatcher makes a watcher, and looks at its file, which may appear later: [Watcher.Err] says what is wrong with it. Initial
// is whatever encoding/json makes an object of: the defaults for what the file leaves out; nil: none.
func NewWatcher(path string, initial any) (*Watcher, error) {
	text, err := encode(initial)
	if err != nil {
		return nil, err
	}
	watcher := &Watcher{told: &teller{}}
	err = withTexts(path, "the path", nil, "", func(path, _ *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_watcher_new(path, asCText(text), C.size_t(len(text)), &watcher.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(watcher, func(watcher *Watcher) { C.claude_watcher_unref(watcher.handle) })
	return watcher, nil
}

// about does something with the watcher, and tells of changes that it has led to.
func (w *Watcher) about(do func(failure **C.claude_error_t) C.claude_code_t) error {
	if w == nil || w.handle == nil {
		return fail(CodeInvalid, "the watcher was not made by NewWatcher")
	}
	defer runtime.KeepAlive(w)
	var failure *C.claude_error_t
	err := check(do(&failure), failure)
	w.told.tell()
	return err
}

// with does something with a client and the name of a snapshot.
func (w *Watcher) with(client *Client, name string,
	do func(client *C.claude_client_t, name *C.char, failure **C.claude_error_t) C.claude_code_t) error {
	if w == nil || w.handle == nil {
		return fail(CodeInvalid, "the watcher was not made by NewWatcher")
	}
	defer runtime.KeepAlive(w)
	err := client.own().lend(func(lent *C.claude_client_t) error {
		return withOptionalText(name, "the name of a snapshot", func(name *C.char) error {
			var failure *C.claude_error_t
			return check(do(lent, name, &failure), failure)
		})
	})
	w.told.tell()
	return err
}

// Attach gives what holds now to a client, and from now on each change. The rest of the client's configuration, its key too,
// stays as it is. The name is that of the client's snapshot that is meant, "" the one for calls that name none.
func (w *Watcher) Attach(client *Client, snapshot string) error {
	err := w.with(client, snapshot, func(client *C.claude_client_t, name *C.char, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_attach(w.handle, client, name, failure)
	})
	if err == nil {
		client.owner.engine.hear(w.told, w.told)
	}
	return err
}

// Detach leaves a client alone from now on, which keeps the configuration that it has.
func (w *Watcher) Detach(client *Client, snapshot string) error {
	return w.with(client, snapshot, func(client *C.claude_client_t, name *C.char, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_detach(w.handle, client, name, failure)
	})
}

// AllowServer lets the file name a base_url on this server, although clients with a key were made for another one.
func (w *Watcher) AllowServer(baseURL string) error {
	text, err := cText(baseURL, "the base URL")
	if err != nil {
		return err
	}
	defer freeText(text)
	return w.about(func(failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_allow_server(w.handle, text, failure)
	})
}

// OnChange has a function called for each configuration that is taken over, with its generation: in the goroutine that has
// looked, by a function of the watcher, or a call of a client that it is attached to; after all clients have the
// configuration. It may call anything. A second one takes the place of the first; nil removes it. While it refers to the
// watcher the collector does not take either: remove it then.
func (w *Watcher) OnChange(changed func(generation int64)) error {
	return w.about(func(failure **C.claude_error_t) C.claude_code_t {
		if changed == nil {
			return C.claude_go_on_change(w.handle, 0, failure)
		}
		return C.claude_go_on_change(w.handle, C.uintptr_t(cgo.NewHandle(&changes{w.told, changed})), failure)
	})
}

type changes struct {
	told    *teller
	changed func(generation int64)
}

//export claude_go_changed
func claude_go_changed(generation C.int64_t, handle C.uintptr_t) {
	to := cgo.Handle(handle).Value().(*changes)
	to.told.add(func() { to.changed(int64(generation)) })
}

// Poll looks at the file now, and takes it over if it is another one; it says whether this call has. A file that is not as it
// should be is no error here, see [Watcher.Err].
func (w *Watcher) Poll() (changed bool, err error) {
	did := C.int32_t(0)
	err = w.about(func(failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_poll(w.handle, &did, failure)
	})
	return did == 1, err
}

// Reload takes over what the file says, also after [Watcher.Update]. The error is why it was not.
func (w *Watcher) Reload() error {
	return w.about(func(failure **C.claude_error_t) C.claude_code_t { return C.claude_watcher_reload(w.handle, failure) })
}

// Update takes over a configuration that the program gives, as if it stood in the file: whatever encoding/json makes an object
// of. It holds until the file is another one, or until Reload.
func (w *Watcher) Update(configuration any) error {
	text, err := encode(required(configuration))
	if err != nil {
		return err
	}
	return w.about(func(failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_update(w.handle, asCText(text), C.size_t(len(text)), failure)
	})
}

// Value is what holds now of a key of the file, or of an option: "timeout_ms", "breaker.open_ms". It is "" for one that there
// is not.
func (w *Watcher) Value(name string) (value string, err error) {
	var config *C.claude_config_t
	err = w.about(func(failure **C.claude_error_t) C.claude_code_t {
		return C.claude_watcher_config(w.handle, &config, failure)
	})
	if err != nil {
		return "", err
	}
	defer C.claude_config_unref(config)
	err = withTexts(name, "the name of an option", nil, "", func(name, _ *C.char) error {
		value = C.GoString(C.claude_config_get(config, name))
		return nil
	})
	return value, err
}

// Generation is how many configurations have held: 1 while it is the initial one.
func (w *Watcher) Generation() int64 {
	if w == nil {
		return 0
	}
	defer runtime.KeepAlive(w)
	return int64(C.claude_watcher_generation(w.handle))
}

// Err is why the file was not taken over when it was last looked at; nil if it was, or held already.
func (w *Watcher) Err() error {
	return w.about(func(failure **C.claude_error_t) C.claude_code_t { return C.claude_watcher_error(w.handle, failure) })
}

// IsNotified says whether the kernel tells of changes; if not, the file is compared once a second.
func (w *Watcher) IsNotified() bool {
	if w == nil {
		return false
	}
	defer runtime.KeepAlive(w)
	return C.claude_watcher_is_notified(w.handle) == 1
}

// Watch looks at the file whenever it has changed, until ctx ends, which is no error: for programs that want to hear of changes
// without making calls. It waits in Go's network poller. Changes that clients have found are told here, too.
func (w *Watcher) Watch(ctx context.Context) error {
	if ctx == nil {
		return fail(CodeInvalid, "the context is nil")
	}
	if w == nil || w.handle == nil {
		return fail(CodeInvalid, "the watcher was not made by NewWatcher")
	}
	defer runtime.KeepAlive(w)
	fd, err := fcntl(int(C.claude_watcher_fd(w.handle)), syscall.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		return fail(CodeLimit, "no file descriptor for the watcher: %v", err)
	}
	file := os.NewFile(uintptr(fd), "libclaude watcher")
	defer file.Close()
	wake := newSignal() // there may be something to look at, or to tell
	ring := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	defer w.told.ring(ring)()
	ended := make(chan struct{})
	var all sync.WaitGroup
	defer all.Wait()
	defer close(ended)
	defer file.SetReadDeadline(time.Now()) //nolint:errcheck // the reader ends
	looked := newSignal()
	all.Add(1)
	go func() {
		defer all.Done()
		waitReadable(file, ring, looked, ended)
	}()
	for ctx.Err() == nil {
		if _, err := w.Poll(); err != nil {
			return err
		}
		select {
		case looked <- struct{}{}:
		default:
		}
		select {
		case <-wake:
		case <-ctx.Done():
		}
	}
	return nil
}

// waitReadable rings whenever a file is readable, and then waits until somebody has looked.
func waitReadable(file *os.File, ring func(), looked, ended chan struct{}) {
	conn, err := file.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(uintptr) bool {
		select {
		case <-ended:
			return true
		default:
		}
		ring()
		select {
		case <-looked:
			return false
		case <-ended:
			return true
		}
	})
}

// A bell is what somebody wants to have called.
type bell struct{ ring func() }

// ring has a function called when there is something to tell; what it returns ends that.
func (t *teller) ring(ring func()) (stop func()) {
	mine := &bell{ring}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bells = append(t.bells, mine)
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for i, known := range t.bells {
			if known == mine {
				t.bells = append(t.bells[:i:i], t.bells[i+1:]...)
				return
			}
		}
	}
}
