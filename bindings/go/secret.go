package claude

// #include "glue.h"
import "C"

import (
	"runtime"
	"runtime/cgo"
	"sync"
	"sync/atomic"
	"time"
)

// A Secret is a key in guarded memory. No message and no log line shows it. Any number of goroutines may use it.
type Secret struct {
	handle *C.claude_secret_t
	told   *teller
}

// holdSecret makes a Secret of a reference.
func holdSecret(handle *C.claude_secret_t) *Secret {
	secret := &Secret{handle, &teller{}}
	runtime.SetFinalizer(secret, func(secret *Secret) { C.claude_secret_unref(secret.handle) })
	return secret
}

// NewSecret takes a key of the API, whose format is checked.
func NewSecret(key string) (*Secret, error) {
	return newSecret(key, func(text *C.char, length C.size_t, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_secret_new(text, length, out, err)
	})
}

// NewSecretUnchecked takes a token of any format: visible ASCII, for gateways.
func NewSecretUnchecked(token string) (*Secret, error) {
	return newSecret(token, func(text *C.char, length C.size_t, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_secret_new_unchecked(text, length, out, err)
	})
}

type secretMaker func(*C.char, C.size_t, **C.claude_secret_t, **C.claude_error_t) C.claude_code_t

func newSecret(key string, make secretMaker) (*Secret, error) {
	var handle *C.claude_secret_t
	var failure *C.claude_error_t
	bytes := append([]byte(key), 0)
	defer wipe(bytes)
	if err := check(make(asCText(bytes), C.size_t(len(key)), &handle, &failure), failure); err != nil {
		return nil, err
	}
	return holdSecret(handle), nil
}

type secretSource func(name *C.char, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t

func findSecret(name, what string, look secretSource) (*Secret, error) {
	var secret *Secret
	err := withOptionalText(name, what, func(name *C.char) error {
		var handle *C.claude_secret_t
		var failure *C.claude_error_t
		if err := check(look(name, &handle, &failure), failure); err != nil {
			return err
		}
		secret = holdSecret(handle)
		return nil
	})
	return secret, err
}

// SecretFromEnv takes a key from a variable of the environment, "" is ANTHROPIC_API_KEY.
func SecretFromEnv(name string) (*Secret, error) {
	return findSecret(name, "the name of a variable",
		func(name *C.char, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
			return C.claude_secret_from_env(name, out, err)
		})
}

// SecretFromFile takes a key from a file that nobody else can read.
func SecretFromFile(path string) (*Secret, error) {
	return findSecret(path, "the path", func(path *C.char, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_secret_from_file(path, out, err)
	})
}

// SecretFromWorkspace takes a key from the workspace's secret/-secrets.sh, or from the environment; "" is ANTHROPIC_API_KEY.
func SecretFromWorkspace(name string) (*Secret, error) {
	return findSecret(name, "the name of a key",
		func(name *C.char, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
			return C.claude_secret_from_workspace(name, out, err)
		})
}

// FindSecret looks in the workspace's file, then in the environment, and takes the program's own where they have none; own may
// be nil. A place that has something wrong in it is an error, and not passed over. [Secret.Source] tells where it was.
func FindSecret(name string, own *Secret) (*Secret, error) {
	defer runtime.KeepAlive(own)
	var given *C.claude_secret_t
	if own != nil {
		given = own.handle
	}
	found, err := findSecret(name, "the name of a key",
		func(name *C.char, out **C.claude_secret_t, err **C.claude_error_t) C.claude_code_t {
			return C.claude_secret_load_with_precedence(name, given, out, err)
		})
	if err == nil && own != nil && found.handle == own.handle {
		found.told = own.told
	}
	return found, err
}

func (s *Secret) isMade() error {
	if s == nil || s.handle == nil {
		return fail(CodeInvalid, "the secret was not made by NewSecret or its relatives")
	}
	return nil
}

// WithSecret gives a client its key.
func WithSecret(secret *Secret) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if err := secret.isMade(); err != nil {
				return err
			}
			defer runtime.KeepAlive(secret)
			var failure *C.claude_error_t
			return check(C.claude_config_set_secret(config, secret.handle, &failure), failure)
		},
		call:   ofClients("WithSecret"),
		secret: secret,
	}
}

// Fingerprint is a name for the secret that reveals nothing: 16 hexadecimal digits.
func (s *Secret) Fingerprint() string {
	if s == nil {
		return ""
	}
	defer runtime.KeepAlive(s)
	return C.GoString(C.claude_secret_fingerprint(s.handle))
}

// String is the fingerprint: a secret that is printed shows no key.
func (s *Secret) String() string { return "secret " + s.Fingerprint() }

// GoString is the fingerprint, too.
func (s *Secret) GoString() string { return s.String() }

// Source is where it came from: "workspace", "environment", "file" or "program".
func (s *Secret) Source() string {
	if s == nil {
		return ""
	}
	defer runtime.KeepAlive(s)
	return C.GoString(C.claude_secret_source(s.handle))
}

// Expires is when it runs out; the zero time: never, or not known.
func (s *Secret) Expires() time.Time {
	if s.isMade() != nil {
		return time.Time{}
	}
	defer runtime.KeepAlive(s)
	at := int64(C.claude_secret_expires_at(s.handle))
	if at < 0 {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

// SetExpiry says when it runs out; the zero time: never. An expired one is still sent, since the server's clock decides,
// unless the client has WithConfig("auth.refuse_expired", "true").
func (s *Secret) SetExpiry(at time.Time) error {
	if err := s.isMade(); err != nil {
		return err
	}
	defer runtime.KeepAlive(s)
	moment := int64(-1)
	if !at.IsZero() {
		if moment = at.UnixMilli(); moment < 0 {
			moment = 0
		}
	}
	var failure *C.claude_error_t
	return check(C.claude_secret_set_expiry(s.handle, C.int64_t(moment), &failure), failure)
}

// OnExpiry has a function called once for each expiry that is set, at the first use of the secret that is within lead of it,
// or after it: in the goroutine that starts the call, or waits for it. It may do anything, [Client.RotateSecret] for example.
// There is no timer. A second one is refused.
func (s *Secret) OnExpiry(lead time.Duration, expires func(expiry Expiry)) error {
	if err := s.isMade(); err != nil {
		return err
	}
	if expires == nil {
		return fail(CodeInvalid, "the function is nil")
	}
	defer runtime.KeepAlive(s)
	notice := &expiryNotice{s.told, expires}
	var failure *C.claude_error_t
	code := C.claude_go_on_expiry(s.handle, milliseconds(lead), C.uintptr_t(cgo.NewHandle(notice)), &failure)
	return check(code, failure)
}

// An Expiry tells that a secret has expired, or will soon.
type Expiry struct {
	Fingerprint string
	At          time.Time
	Left        time.Duration // 0 or less: it has expired
}

type expiryNotice struct {
	told    *teller
	expires func(expiry Expiry)
}

// A teller is what C has to tell the program, on its way to a goroutine that holds no lock.
type teller struct {
	some    atomic.Bool
	mu      sync.Mutex
	waiting []func()
	bells   []*bell // of those who wait for something to tell
}

func (t *teller) add(say func()) {
	t.mu.Lock()
	t.waiting = append(t.waiting, say)
	bells := append([]*bell{}, t.bells...)
	t.mu.Unlock()
	t.some.Store(true)
	for _, bell := range bells {
		bell.ring()
	}
}

// tell calls what is waiting; no lock is held.
func (t *teller) tell() {
	for t.some.Swap(false) {
		for {
			t.mu.Lock()
			if len(t.waiting) == 0 {
				t.mu.Unlock()
				break
			}
			say := t.waiting[0]
			t.waiting = t.waiting[1:]
			t.some.Store(len(t.waiting) > 0) // should it panic
			t.mu.Unlock()
			say()
		}
	}
}

// A heard is a teller that the engine's goroutines tell for, and what it is of: one of each.
type heard struct {
	of   any
	told *teller
}

// hear has the engine's goroutines tell what a teller has, in place of the one that was there for the same.
func (e *engine) hear(of any, told *teller) {
	for {
		before := e.tellers.Load()
		var all []heard
		if before != nil {
			for _, known := range *before {
				if known.of != of {
					all = append(all, known)
				}
			}
		}
		if told != nil {
			all = append(all, heard{of, told})
		}
		if e.tellers.CompareAndSwap(before, &all) {
			return
		}
	}
}

// hears is hear for the secret that comes with options of a snapshot.
func (e *engine) hears(snapshot string, options []Option) {
	for _, option := range options {
		if option.secret != nil {
			e.hear("snapshot "+snapshot, option.secret.told)
		}
	}
}

// tell calls what C had to tell, in a goroutine that holds no lock.
func (e *engine) tell() {
	e.notices.tell()
	if all := e.tellers.Load(); all != nil {
		for _, known := range *all {
			known.told.tell()
		}
	}
}

//export claude_go_expires
func claude_go_expires(fingerprint *C.char, at, left C.int64_t, handle C.uintptr_t) {
	notice := cgo.Handle(handle).Value().(*expiryNotice)
	told := Expiry{C.GoString(fingerprint), time.UnixMilli(int64(at)), time.Duration(left) * time.Millisecond}
	notice.told.add(func() { notice.expires(told) })
}

// KeyOfClient stands for the client's own key, in place of the number of an endpoint.
const KeyOfClient = C.CLAUDE_KEY_OF_CLIENT

// RotateSecret replaces a key while calls are under way: what was sent keeps the key that it was sent with, and every attempt
// that begins afterwards has the new one. The endpoint is [KeyOfClient], or the number of one of the failover that was added
// with a key of its own.
func (c *Client) RotateSecret(endpoint int, secret *Secret) error {
	if err := secret.isMade(); err != nil {
		return err
	}
	own := c.own()
	err := own.lend(func(client *C.claude_client_t) error {
		var failure *C.claude_error_t
		code := C.claude_client_rotate_secret(client, C.int32_t(endpoint), secret.handle, &failure)
		return check(code, failure)
	})
	runtime.KeepAlive(secret)
	if err == nil {
		own.engine.hear(endpoint, secret.told)
		own.engine.provider.forget()
	}
	return err
}

// Secret is the key that the next attempt would use, nil if there is none. The endpoint is as for RotateSecret.
func (c *Client) Secret(endpoint int) (*Secret, error) {
	var secret *Secret
	err := c.own().lend(func(client *C.claude_client_t) error {
		if handle := C.claude_client_secret(client, C.int32_t(endpoint)); handle != nil {
			secret = holdSecret(handle)
		}
		return nil
	})
	return secret, err
}
