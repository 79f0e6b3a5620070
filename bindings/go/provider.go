package claude

// #include "glue.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime/cgo"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// A CredentialReason is why a provider is asked.
type CredentialReason int32

// The reasons.
const (
	// There is no token yet.
	CredentialFirst CredentialReason = C.CLAUDE_CREDENTIAL_FIRST
	// The token has expired, or will soon (auth.refresh_lead_ms).
	CredentialExpires CredentialReason = C.CLAUDE_CREDENTIAL_EXPIRES
	// The server has refused it with 401 (auth.refresh_on_401).
	CredentialRefused CredentialReason = C.CLAUDE_CREDENTIAL_REFUSED
)

// A Token is what a provider gives: any visible ASCII, and when it runs out. The zero time: it is used until the server
// refuses it.
type Token struct {
	Value   string
	Expires time.Time
}

// String says when the token expires, and does not show it.
func (t Token) String() string {
	if t.Expires.IsZero() {
		return "token"
	}
	return "token that expires at " + t.Expires.UTC().Format(time.RFC3339)
}

// Format writes String, whatever the verb: a token that is printed shows no key.
func (t Token) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, t.String()) }

// A CredentialProvider fetches a token. It may take its time; what it does should end with ctx: that of the call that needs
// the token where it is one, else one that ends with the client.
type CredentialProvider func(ctx context.Context, reason CredentialReason) (Token, error)

// WithCredentialProvider has a client fetch its key by a function: when it has none, auth.refresh_lead_ms before it runs out
// (not before half of its time is over), and after a 401 with WithConfig("auth.refresh_on_401", "true"). No key is needed
// then.
//
// It is asked in the goroutine that makes the call, before anything is sent: other calls go on with the old token while it is
// good, or wait, each until its context ends. Where a token is needed in the middle of a call (after a 401, or before a late
// retry) the calls that are under way wait for it. Never two ask at once. Where it fails, calls go on with the old token
// while it is good; else their error is [CodeCallback], with what the provider said behind it, and so it is for all others for
// auth.refresh_pause_ms, without asking again. It must not use its client: that is [CodeBusy] with its context.
//
// When it panics, so does the goroutine that makes the call, or waits for it.
func WithCredentialProvider(fetch CredentialProvider) Option {
	asked := &provider{fetch: fetch, turn: make(chan struct{}, 1), contexts: map[unsafe.Pointer]context.Context{}}
	return Option{
		client: func(config *C.claude_config_t) error {
			if fetch == nil {
				return fail(CodeInvalid, "the credential provider is nil")
			}
			var failure *C.claude_error_t
			return check(C.claude_go_on_credential(config, C.uintptr_t(cgo.NewHandle(asked)), &failure), failure)
		},
		call:     ofClients("WithCredentialProvider"),
		provider: asked,
	}
}

// A provider is a client's credential provider.
type provider struct {
	fetch    CredentialProvider
	engine   *engine
	lead     int64 // ms
	pause    int64 // ms
	unused   bool  // the client sends no key
	ctx      context.Context
	cancel   context.CancelFunc
	panicked atomic.Pointer[observerPanic]
	// When the token must be looked at again, in milliseconds since 1970.
	dueAt atomic.Int64
	// Held, by an element in it, by the one who asks.
	turn chan struct{}

	mu       sync.Mutex
	contexts map[unsafe.Pointer]context.Context // of the runners that are at work
	last     *Secret
	got      time.Time
	failed   *Error // why there is no token, until resume
	resume   time.Time
	number   int32 // of the failure that C was told of
}

// ownProvider makes the provider among the options one of this client alone.
func ownProvider(options []Option) (last *provider, own []Option) {
	for _, option := range options {
		if option.provider != nil {
			option = WithCredentialProvider(option.provider.fetch)
			last = option.provider
		}
		own = append(own, option)
	}
	return last, own
}

// learn reads the options that it depends on. The library is left to ask in the middle of a call alone, where the token has
// expired: until then calls go on, and the next one that begins asks.
func (p *provider) learn(config *C.claude_config_t) error {
	if p == nil {
		return nil
	}
	option := func(name string) (value string) {
		_ = withTexts(name, "", nil, "", func(name, _ *C.char) error {
			value = C.GoString(C.claude_config_get(config, name))
			return nil
		})
		return value
	}
	p.lead, _ = strconv.ParseInt(option("auth.refresh_lead_ms"), 10, 64)
	p.pause, _ = strconv.ParseInt(option("auth.refresh_pause_ms"), 10, 64)
	p.unused = option("auth.style") == "none"
	return setConfig(config, "auth.refresh_lead_ms", "0")
}

func (p *provider) serve(e *engine) {
	p.engine = e
	p.got = time.Now()
	p.ctx, p.cancel = context.WithCancel(context.WithValue(context.Background(), askingKey{}, p))
}

// end tells a provider that its client is closed.
func (p *provider) end() {
	if p != nil {
		p.cancel()
	}
}

// forget has the token looked at again: the program has set another one.
func (p *provider) forget() {
	if p != nil {
		p.mu.Lock()
		p.got = time.Now()
		p.mu.Unlock()
		p.dueAt.Store(0)
	}
}

// raise panics if the provider has, asked in the middle of a call.
func (p *provider) raise() {
	if p != nil && p.panicked.Load() != nil {
		p.panicked.Swap(nil).raise()
	}
}

// enter and leave say which context a runner has.
func (p *provider) enter(runner unsafe.Pointer, ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contexts[runner] = ctx
}

func (p *provider) leave(runner unsafe.Pointer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.contexts, runner)
}

// askingKey marks the contexts of providers.
type askingKey struct{}

// need says why a token is needed, 0 if it is not, and whether the one that is there will not do.
func (p *provider) need(o *owner) (reason CredentialReason, must bool, err error) {
	if time.Now().UnixMilli() < p.dueAt.Load() {
		return 0, false, nil
	}
	var secret *C.claude_secret_t
	err = o.lend(func(client *C.claude_client_t) error {
		secret = C.claude_client_secret(client, KeyOfClient)
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	if secret == nil {
		return CredentialFirst, true, nil
	}
	defer C.claude_secret_unref(secret)
	expires := int64(C.claude_secret_expires_at(secret))
	p.mu.Lock()
	got := p.got.UnixMilli()
	p.mu.Unlock()
	now := time.Now().UnixMilli()
	due := int64(math.MaxInt64)
	if expires >= 0 {
		if due = expires - p.lead; due < got+(expires-got)/2 {
			due = got + (expires-got)/2
		}
	}
	switch {
	case expires >= 0 && now >= expires:
		return CredentialExpires, true, nil
	case now >= due:
		return CredentialExpires, false, nil
	}
	p.dueAt.Store(due)
	return 0, false, nil
}

// ensure has a token fetched before a call if one is needed.
func (p *provider) ensure(ctx context.Context, o *owner) error {
	if p == nil || p.unused {
		return nil
	}
	if ctx.Value(askingKey{}) == p {
		return fail(CodeBusy, "the credential provider of the client has called the client that waits for its token; use "+
			"another client there")
	}
	reason, must, err := p.need(o)
	if err != nil || reason == 0 {
		return err
	}
	if must {
		select {
		case p.turn <- struct{}{}:
		case <-ctx.Done():
			return endedWait(ctx, "credential-provider")
		}
	} else {
		select {
		case p.turn <- struct{}{}:
		default:
			return nil // another one asks, and the old token is good
		}
	}
	defer func() { <-p.turn }()
	if reason, must, err = p.need(o); err != nil || reason == 0 {
		return err
	}
	if failed := p.isPaused(); failed != nil {
		if must {
			return failed
		}
		return nil
	}
	secret, failed := p.ask(context.WithValue(ctx, askingKey{}, p), reason)
	if ctx.Err() != nil && secret == nil {
		return endedWait(ctx, "credential-provider") // which says nothing of the provider
	}
	if failed != nil {
		p.rest(failed)
		if must {
			return failed
		}
		return nil
	}
	return p.put(o, secret)
}

// ask fetches a token; the turn is held.
func (p *provider) ask(ctx context.Context, reason CredentialReason) (*Secret, *Error) {
	token, err := p.fetch(ctx, reason)
	if err != nil {
		return nil, fail(CodeCallback, "the credential provider failed: %v", err)
	}
	if !token.Expires.IsZero() && !time.Now().Before(token.Expires) {
		return nil, fail(CodeCallback, "the credential provider gave a token that has expired")
	}
	secret, err := NewSecretUnchecked(token.Value)
	if err == nil {
		err = secret.SetExpiry(token.Expires)
	}
	if err != nil {
		return nil, fail(CodeCallback, "the credential provider gave what is no token: %v", err)
	}
	return secret, nil
}

// put hands a token to the client.
func (p *provider) put(o *owner, secret *Secret) error {
	err := o.lend(func(client *C.claude_client_t) error {
		var failure *C.claude_error_t
		return check(C.claude_client_rotate_secret(client, KeyOfClient, secret.handle, &failure), failure)
	})
	if err == nil {
		p.took(secret)
	}
	return err
}

func (p *provider) took(secret *Secret) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.got, p.failed = secret, time.Now(), nil
	p.dueAt.Store(0)
}

// rest leaves a provider alone that has failed.
func (p *provider) rest(failed *Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed.Feature = "credential-provider"
	failed.RetryAfter = time.Duration(p.pause) * time.Millisecond
	p.failed, p.resume = failed, time.Now().Add(failed.RetryAfter)
	p.number++
}

// isPaused is why the provider is left alone, nil if it is not.
func (p *provider) isPaused() *Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil || !time.Now().Before(p.resume) {
		return nil
	}
	again := *p.failed
	again.RetryAfter = time.Until(p.resume)
	return &again
}

// blame puts what the provider said behind an error of a call that got no token in its middle.
func (p *provider) blame(err error) error {
	failed, ok := err.(*Error)
	if p == nil || !ok || failed.Code != CodeCallback || failed.userCode == 0 {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil && p.number == failed.userCode {
		failed.Message, failed.cause = p.failed.Message, p.failed.cause
	}
	return failed
}

// contextOf is the context of a runner that is at work, or that of the client.
func (p *provider) contextOf(runner unsafe.Pointer) context.Context {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx := p.contexts[runner]; ctx != nil {
		return context.WithValue(ctx, askingKey{}, p)
	}
	return p.ctx
}

// inside is ask for C, which waits here. It returns the token, or nil and the number of the failure.
func (p *provider) inside(ctx context.Context, reason CredentialReason) (*Secret, int32) {
	p.mu.Lock()
	before := p.last
	p.mu.Unlock()
	select {
	case p.turn <- struct{}{}:
	case <-p.ctx.Done(): // whoever asks may wait for the client, which waits for this to end
		return nil, -1
	}
	defer func() { <-p.turn }()
	p.mu.Lock()
	now := p.last
	p.mu.Unlock()
	if now != before { // another one has asked meanwhile
		return now, 0
	}
	var secret *Secret
	var failed *Error
	panicked := apart(func() { secret, failed = p.ask(ctx, reason) })
	if panicked != nil {
		panicked.who = "the credential provider"
		p.panicked.CompareAndSwap(nil, panicked)
		failed = fail(CodeCallback, "the credential provider has panicked")
	}
	if failed != nil {
		p.rest(failed)
		p.mu.Lock()
		defer p.mu.Unlock()
		return nil, p.number
	}
	p.took(secret)
	return secret, 0
}

//export claude_go_credential
func claude_go_credential(lent *C.claude_credential_t, runner *C.claude_runner_t, handle C.uintptr_t) C.int32_t {
	p := cgo.Handle(handle).Value().(*provider)
	ctx := p.contextOf(unsafe.Pointer(runner))
	// The driver lets others have the loop: they may start calls, and close the client.
	if e := p.engine; runner == nil && e.turning {
		e.turning = false
		e.mu.Unlock()
		defer func() {
			e.mu.Lock()
			e.turning = true
		}()
	}
	secret, number := p.inside(ctx, CredentialReason(C.claude_credential_reason(lent)))
	if secret == nil {
		return C.int32_t(number)
	}
	var failure *C.claude_error_t
	if err := check(C.claude_credential_set_secret(lent, secret.handle, &failure), failure); err != nil {
		return -1
	}
	return 0
}
