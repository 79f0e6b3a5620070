package claude_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libclaude/claude"
)

func newSecret(t *testing.T, key string) *claude.Secret {
	t.Helper()
	secret, err := claude.NewSecretUnchecked(key)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// keyOf is the key that a request had.
func keyOf(request received) string {
	key, _ := request.header("x-api-key")
	return key
}

func keysOf(server *sandbox) []string {
	var keys []string
	for _, request := range server.requests() {
		keys = append(keys, keyOf(request))
	}
	return keys
}

// However a thing is printed, the key is not in it.
func TestNothingShowsTheKey(t *testing.T) {
	server := startSandbox(t)
	client := server.client(set("diagnostics.timings", "4"))
	message, err := client.Messages.New(context.Background(), params("Hello"))
	if err != nil {
		t.Fatal(err)
	}
	diagnostics, err := client.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	selfTest, err := client.SelfTest(context.Background(), claude.SelfTestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	things := []any{client, *client, claude.WithAPIKey(testKey), message, message.Report(), diagnostics, selfTest}
	for _, name := range []string{"unauthorized", "overloaded", "html", "redirect", "truncated"} {
		_, err = client.Messages.New(context.Background(), params("Hello"), scenario(name))
		if err == nil {
			t.Errorf("%s is no failure", name)
		}
		things = append(things, err)
	}
	for _, thing := range things {
		for _, form := range []string{"%v", "%+v", "%#v"} {
			if shown := fmt.Sprintf(form, thing); strings.Contains(shown, testKey[len(testKey)-12:]) {
				t.Errorf("%T: %s", thing, shown)
			}
		}
	}
}

func TestSecrets(t *testing.T) {
	secret, err := claude.NewSecret(testKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(secret), fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, secret)} {
		if strings.Contains(shown, testKey) || !strings.Contains(shown, secret.Fingerprint()) {
			t.Error(shown)
		}
	}
	equal(t, "source, expiry", []any{secret.Source(), secret.Expires().IsZero()}, []any{"program", true})
	at := time.UnixMilli(1900000000123)
	if err = secret.SetExpiry(at); err != nil || !secret.Expires().Equal(at) {
		t.Errorf("%v, %v", err, secret.Expires())
	}
	if err = secret.SetExpiry(time.Time{}); err != nil || !secret.Expires().IsZero() {
		t.Errorf("%v, %v", err, secret.Expires())
	}
	_, err = claude.NewSecret("short")
	wantCode(t, err, claude.CodeInvalid)
	_, err = claude.NewSecretUnchecked("")
	wantCode(t, err, claude.CodeInvalid)

	t.Setenv("MY_KEY", testKey)
	t.Setenv("ANTHROPIC_API_KEY", "")
	t.Setenv("WORKSPACE_PATH", t.TempDir())
	path := filepath.Join(t.TempDir(), "key")
	if err = os.WriteFile(path, []byte(testKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for source, find := range map[string]func() (*claude.Secret, error){
		"environment": func() (*claude.Secret, error) { return claude.SecretFromEnv("MY_KEY") },
		"file":        func() (*claude.Secret, error) { return claude.SecretFromFile(path) },
		"program":     func() (*claude.Secret, error) { return claude.FindSecret("NO_SUCH_KEY", secret) },
	} {
		found, err := find()
		if err != nil || found.Source() != source || found.Fingerprint() != secret.Fingerprint() {
			t.Errorf("%s: %v, %v", source, found, err)
		}
	}
	_, err = claude.FindSecret("NO_SUCH_KEY", nil)
	wantCode(t, err, claude.CodeNoKey)
	_, err = claude.SecretFromWorkspace("NO_SUCH_KEY")
	wantCode(t, err, claude.CodeNoKey)
	_, err = claude.NewClient(claude.WithSecret(nil))
	wantCode(t, err, claude.CodeInvalid)
	var none *claude.Secret
	wantCode(t, none.SetExpiry(at), claude.CodeInvalid)
	equal(t, "of none", []any{none.Source(), none.Fingerprint(), none.Expires().IsZero()}, []any{"", "", true})
}

func TestTokensDoNotShow(t *testing.T) {
	token := claude.Token{Value: "a-token-that-nobody-sees"}
	equal(t, "a token", fmt.Sprint(token), "token")
	token.Expires = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	equal(t, "one that expires", fmt.Sprint(token), "token that expires at 2026-01-02T03:04:05Z")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, shown := range []any{token, &token, []claude.Token{token}, struct{ T claude.Token }{token}} {
			text := fmt.Sprintf(verb, shown)
			if strings.Contains(text, token.Value) || strings.Contains(text, fmt.Sprintf("%x", token.Value)) {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	server := startSandbox(t)
	client := server.client(claude.WithSecret(newSecret(t, "first-key-of-the-client")))
	next := newSecret(t, "next-key-of-the-client")
	ask := func() {
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if err := client.RotateSecret(claude.KeyOfClient, next); err != nil {
		t.Fatal(err)
	}
	ask()
	equal(t, "keys", keysOf(server), []string{"first-key-of-the-client", "next-key-of-the-client"})
	current, err := client.Secret(claude.KeyOfClient)
	if err != nil || current.Fingerprint() != next.Fingerprint() {
		t.Errorf("%v, %v", current, err)
	}
	if none, err := client.Secret(7); none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
	wantCode(t, client.RotateSecret(7, next), claude.CodeInvalid)
	wantCode(t, client.RotateSecret(claude.KeyOfClient, nil), claude.CodeInvalid)
	client.Close()
	wantCode(t, client.RotateSecret(claude.KeyOfClient, next), claude.CodeState)
}

func TestExpiry(t *testing.T) {
	server := startSandbox(t)
	secret, next := newSecret(t, "key-that-runs-out"), newSecret(t, "key-that-comes-next")
	client := server.client(claude.WithSecret(secret))
	if err := secret.SetExpiry(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var told []claude.Expiry
	hear := func(expiry claude.Expiry) {
		told = append(told, expiry)
		if err := client.RotateSecret(claude.KeyOfClient, next); err != nil {
			t.Error(err)
		}
	}
	wantCode(t, secret.OnExpiry(time.Hour, nil), claude.CodeInvalid)
	if err := secret.OnExpiry(2*time.Hour, hear); err != nil {
		t.Fatal(err)
	}
	wantCode(t, secret.OnExpiry(time.Hour, hear), claude.CodeState)
	for i := 0; i < 2; i++ {
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 || told[0].Fingerprint != secret.Fingerprint() || !told[0].At.Equal(secret.Expires()) || told[0].Left <= 59*time.Minute {
		t.Errorf("%+v", told)
	}
	equal(t, "keys", keysOf(server), []string{"key-that-runs-out", "key-that-comes-next"})

	// A health check uses the key, too.
	checking := server.client(claude.WithSecret(secret), set("health.strategy", "models"))
	if err := secret.SetExpiry(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := checking.CheckEndpoint(background, server.url); err != nil {
		t.Fatal(err)
	}
	equal(t, "times told", len(told), 2)

	// A panic comes out where the secret is used.
	other := newSecret(t, "another-key")
	if err := other.OnExpiry(time.Hour, func(claude.Expiry) { panic("expired") }); err != nil {
		t.Fatal(err)
	}
	if err := other.SetExpiry(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := client.RotateSecret(claude.KeyOfClient, other); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { equal(t, "panic", recover(), "expired") }()
		_, _ = client.Messages.New(background, params("Hello"))
		t.Error("no panic")
	}()
	refusing := server.client(claude.WithSecret(other), set("auth.refuse_expired", "true"))
	_, err := refusing.Messages.New(background, params("Hello"))
	wantCode(t, err, claude.CodeNoKey)
}

// providing is a client without a key, with a provider.
func providing(t *testing.T, server *sandbox, provider claude.CredentialProvider, more ...claude.Option) *claude.Client {
	t.Helper()
	options := append([]claude.Option{claude.WithBaseURL(server.url), claude.WithCredentialProvider(provider)}, more...)
	client, err := claude.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Whatever makes calls has a token, and tokens that run out are replaced once half of their time is over.
func TestProvider(t *testing.T) {
	server := startSandbox(t)
	var asked atomic.Int32
	var reasons []claude.CredentialReason
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		reasons = append(reasons, reason)
		return claude.Token{fmt.Sprint("token-", asked.Add(1)), time.Now().Add(200 * time.Millisecond)}, nil
	})
	for i := 0; i < 3; i++ {
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Messages.NewStreaming(background, params("Hello"), scenario("text")).Message(); err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	time.Sleep(210 * time.Millisecond) // it has run out
	server.use(sequence(asks(`wait {}`), says))
	wait := claude.NewTool("wait", "Waits.", func(context.Context, struct{}) (any, error) {
		time.Sleep(210 * time.Millisecond)
		return "", nil
	})
	runner, err := client.Messages.NewToolRunner(params("Hello"), []claude.Tool{wait})
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	if _, err = runner.Run(background); err != nil {
		t.Fatal(err)
	}
	if asked.Load() < before+2 {
		t.Errorf("asked %d times after %d", asked.Load(), before)
	}
	equal(t, "reasons", reasons[:2], []claude.CredentialReason{claude.CredentialFirst, claude.CredentialExpires})
	for _, key := range keysOf(server) {
		if !strings.HasPrefix(key, "token-") {
			t.Errorf("the key %q", key)
		}
	}
}

// Many calls at once: one asks, and none is sent without.
func TestProviderIsAskedOnce(t *testing.T) {
	server := startSandbox(t)
	var asked, inside atomic.Int32
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		if inside.Add(1) != 1 {
			t.Error("two at once")
		}
		defer inside.Add(-1)
		time.Sleep(20 * time.Millisecond)
		asked.Add(1)
		return claude.Token{Value: "the-token"}, nil
	})
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := client.Messages.New(background, params("Hello")); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	equal(t, "asked", asked.Load(), 1)
	equal(t, "requests", len(server.requests()), 50)
}

func TestProviderFails(t *testing.T) {
	server := startSandbox(t)
	lost := errors.New("the vault is closed")
	var asked atomic.Int32
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		asked.Add(1)
		return claude.Token{}, lost
	}, set("auth.refresh_pause_ms", "3600000"))
	for i := 0; i < 2; i++ {
		_, err := client.Messages.New(background, params("Hello"))
		wantCode(t, err, claude.CodeCallback)
		var failed *claude.Error
		if !errors.Is(err, lost) || !errors.As(err, &failed) || failed.Feature != "credential-provider" || failed.RetryAfter <= 0 {
			t.Errorf("%+v", err)
		}
	}
	equal(t, "asked", asked.Load(), 1)
	// The program helps itself.
	if err := client.RotateSecret(claude.KeyOfClient, newSecret(t, "a-key-of-the-program")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Messages.New(background, params("Hello")); err != nil {
		t.Error(err)
	}
	for text, token := range map[string]claude.Token{
		"no token": {Value: "not a token"}, "has expired": {Value: "old", Expires: time.Now().Add(-time.Second)},
	} {
		token := token
		client := providing(t, server, func(context.Context, claude.CredentialReason) (claude.Token, error) { return token, nil })
		_, err := client.Messages.New(background, params("Hello"))
		if wantCode(t, err, claude.CodeCallback); !strings.Contains(err.Error(), text) {
			t.Error(err)
		}
	}
	_, err := claude.NewClient(claude.WithCredentialProvider(nil))
	wantCode(t, err, claude.CodeInvalid)
	equal(t, "requests", len(server.requests()), 1)
}

// The provider has the context of the call that needs the token; others wait with their own.
func TestProviderEndsWithTheContext(t *testing.T) {
	server := startSandbox(t)
	var asked atomic.Int32
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		if asked.Add(1) > 1 {
			return claude.Token{Value: "the-token"}, nil
		}
		<-ctx.Done()
		return claude.Token{}, ctx.Err()
	})
	first, cancel := context.WithCancel(background)
	result := make(chan error)
	go func() {
		_, err := client.Messages.New(first, params("Hello"))
		result <- err
	}()
	eventually(t, "the provider is asked", func() bool { return asked.Load() == 1 })
	second, end := context.WithTimeout(background, 20*time.Millisecond)
	defer end()
	_, err := client.Messages.NewStreaming(second, params("Hello")).Message()
	wantCode(t, err, claude.CodeTimeout)
	cancel()
	err = <-result
	if wantCode(t, err, claude.CodeCanceled); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// The provider is not to blame: it is asked again at once.
	if _, err = client.Messages.New(background, params("Hello")); err != nil {
		t.Error(err)
	}
}

func TestProviderPanics(t *testing.T) {
	server := startSandbox(t)
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) { panic("vault") })
	for i := 0; i < 2; i++ {
		func() {
			defer func() { equal(t, "panic", recover(), "vault") }()
			_, _ = client.Messages.New(background, params("Hello"))
			t.Error("no panic")
		}()
	}
}

const unauthorized = `{"status": 401, "error": {"type": "authentication_error", "message": "No"}}`

// After a 401 the provider is asked in the middle of the call, while others may begin calls.
func TestProviderAfterARefusal(t *testing.T) {
	server := startSandbox(t)
	var asked atomic.Int32
	entered, leave := make(chan context.Context, 1), make(chan struct{})
	var client *claude.Client
	client = providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		if asked.Add(1) == 1 {
			return claude.Token{Value: "token-1"}, nil
		}
		equal(t, "reason", reason, claude.CredentialRefused)
		_, err := client.Do(ctx, claude.Request{Endpoint: "models.list"})
		wantCode(t, err, claude.CodeBusy)
		entered <- ctx
		<-leave
		return claude.Token{Value: "token-2"}, nil
	}, set("auth.refresh_on_401", "true"))
	server.use(sequence(unauthorized, says))
	results := make(chan error, 2)
	ask := func() {
		message, err := client.Messages.New(background, params("Hello"))
		if err == nil && message.Report().Resends != 1 && message.Report().Attempts != 1 {
			t.Errorf("%+v", message.Report())
		}
		results <- err
	}
	go ask()
	ctx := <-entered
	// Others are not kept from the client meanwhile.
	go ask()
	time.Sleep(20 * time.Millisecond) // it is begun
	looked := make(chan int64)
	go func() { looked <- client.Generation("") }()
	select {
	case <-looked:
	case <-time.After(20 * time.Second):
		t.Error("the client is locked while its provider is asked")
		defer func() { <-looked }()
	}
	equal(t, "what its context says", ctx.Err(), nil)
	close(leave)
	for i := 0; i < 2; i++ {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	keys := keysOf(server)
	// The other one may go on with the old token, since the server has refused it in no call of its own.
	if len(keys) != 3 || keys[0] != "token-1" || !strings.Contains(fmt.Sprint(keys[1:]), "token-2") {
		t.Errorf("%v", keys)
	}
}

func TestProviderFailsAfterARefusal(t *testing.T) {
	server := startSandbox(t)
	server.use(unauthorized)
	lost := errors.New("the vault is closed")
	for _, panics := range []bool{false, true} {
		panics := panics
		var asked atomic.Int32
		client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
			switch {
			case asked.Add(1) == 1:
				return claude.Token{Value: "token-1"}, nil
			case panics:
				panic(lost)
			}
			return claude.Token{}, lost
		}, set("auth.refresh_on_401", "true"))
		func() {
			defer func() {
				failed, _ := recover().(error)
				if panics != (failed != nil && errors.Is(failed, lost) && strings.Contains(failed.Error(), "credential provider has panicked")) {
					t.Errorf("panic: %v", failed)
				}
			}()
			_, err := client.Messages.New(background, params("Hello"))
			wantCode(t, err, claude.CodeCallback)
			if !errors.Is(err, lost) {
				t.Errorf("%v", err)
			}
		}()
	}
}

// Closing the client ends the context of a provider that is asked in the middle of a call.
func TestProviderEndsWithTheClient(t *testing.T) {
	server := startSandbox(t)
	server.use(unauthorized)
	var asked atomic.Int32
	entered := make(chan struct{})
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		if asked.Add(1) == 1 {
			return claude.Token{Value: "token-1"}, nil
		}
		close(entered)
		<-ctx.Done()
		return claude.Token{}, ctx.Err()
	}, set("auth.refresh_on_401", "true"))
	result := make(chan error)
	go func() {
		_, err := client.Messages.New(background, params("Hello"))
		result <- err
	}()
	<-entered
	client.Close()
	if err := <-result; err == nil {
		t.Error("no error")
	}
}

// One option for two clients is a provider of each: the end of one is not that of the other.
func TestProviderOfTwoClients(t *testing.T) {
	server := startSandbox(t)
	var asked atomic.Int32
	option := claude.WithCredentialProvider(func(ctx context.Context, _ claude.CredentialReason) (claude.Token, error) {
		return claude.Token{Value: fmt.Sprint("token-", asked.Add(1))}, ctx.Err()
	})
	var clients []*claude.Client
	for i := 0; i < 2; i++ {
		client, err := claude.NewClient(claude.WithBaseURL(server.url), option, set("auth.refresh_on_401", "true"))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		clients = append(clients, client)
	}
	clients[1].Close()
	server.use(sequence(unauthorized, says))
	if _, err := clients[0].Messages.New(background, params("Hello")); err != nil {
		t.Error(err)
	}
	equal(t, "keys", keysOf(server), []string{"token-1", "token-2"})
}

// While one call asks, others go on with the old token as long as it is good.
func TestProviderIsNotWaitedFor(t *testing.T) {
	server := startSandbox(t)
	first := newSecret(t, "the-first-token")
	if err := first.SetExpiry(time.Now().Add(4 * time.Second)); err != nil {
		t.Fatal(err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	client := providing(t, server, func(ctx context.Context, reason claude.CredentialReason) (claude.Token, error) {
		equal(t, "reason", reason, claude.CredentialExpires)
		close(entered)
		<-leave
		return claude.Token{Value: "the-next-token"}, nil
	}, claude.WithSecret(first), set("auth.refresh_lead_ms", "3600000"))
	if _, err := client.Messages.New(background, params("Hello")); err != nil { // half of its time is not over
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	result := make(chan error)
	go func() {
		_, err := client.Messages.New(background, params("Hello"))
		result <- err
	}()
	<-entered
	done := make(chan error)
	go func() {
		_, err := client.Messages.New(background, params("Hello"))
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
		close(leave)
	case <-time.After(20 * time.Second):
		t.Error("the other call waits")
		close(leave)
		<-done
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	equal(t, "keys", keysOf(server), []string{"the-first-token", "the-first-token", "the-next-token"})
}
