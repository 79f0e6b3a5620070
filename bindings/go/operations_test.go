package claude_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libclaude/claude"
)

func TestCompression(t *testing.T) {
	text := bytes.Repeat([]byte("to be, or not to be "), 1000)
	packed, did, err := claude.Compress(text)
	if err != nil || !did || !claude.IsGzip(packed) || len(packed) >= len(text) {
		t.Fatalf("%v, %v", did, err)
	}
	back, did, err := claude.Decompress(packed, 0)
	if err != nil || !did || !bytes.Equal(back, text) {
		t.Fatalf("%v, %v", did, err)
	}
	_, _, err = claude.Decompress(packed, 100)
	wantCode(t, err, claude.CodeTooLarge)
	_, _, err = claude.Decompress(packed[:len(packed)-4], 0)
	wantCode(t, err, claude.CodeTruncated)
	for _, small := range []string{"", "a\x00b"} {
		if same, did, err := claude.Compress([]byte(small)); err != nil || did || string(same) != small || claude.IsGzip(same) {
			t.Errorf("%q, %v, %v", same, did, err)
		}
		if same, did, err := claude.Decompress([]byte(small), 0); err != nil || did || string(same) != small {
			t.Errorf("%q, %v, %v", same, did, err)
		}
	}
	if _, did, _ = claude.Compress(text, set("compression.level", "0")); did {
		t.Error("level 0 compresses")
	}

	server := startSandbox(t)
	server.use(`{"status": 200, "gzip": true, "body_json": {"type": "message", "content": [{"type": "text", "text": "Yes"}]}}`)
	plain, packing := server.client(), server.client(claude.WithCompression())
	for i, call := range []func() (*claude.Message, error){
		func() (*claude.Message, error) {
			return packing.Messages.New(background, params(string(text)))
		},
		func() (*claude.Message, error) {
			return plain.Messages.New(background, params(string(text)), claude.WithCompression())
		},
	} {
		message, err := call()
		if err != nil || message.Text() != "Yes" || message.Report().Resends != 0 {
			t.Errorf("%d: %v", i, err)
		}
		sent := server.requests()[i]
		if encoding, _ := sent.header("content-encoding"); encoding != "gzip" || len(sent.Body) > 1000 {
			t.Errorf("%d: %s, %d bytes", i, encoding, len(sent.Body))
		}
	}
}

func TestSnapshots(t *testing.T) {
	server := startSandbox(t)
	var lines atomic.Int32
	client := server.client(claude.WithLog(claude.LogInfo, func(claude.LogLine) { lines.Add(1) }))
	with := func(version string) []claude.Option {
		return []claude.Option{claude.WithAPIKey(testKey), claude.WithBaseURL(server.url), set("api_version", version)}
	}
	if err := client.SetSnapshot("b", with("2023-01-01")...); err != nil {
		t.Fatal(err)
	}
	equal(t, "generations", []int64{client.Generation(""), client.Generation("b"), client.Generation("c")}, []int64{1, 2, 0})
	for i, test := range []struct {
		options  []claude.Option
		snapshot string
		version  string
	}{{nil, "", "2023-06-01"}, {[]claude.Option{claude.WithSnapshot("b")}, "b", "2023-01-01"}} {
		message, err := client.Messages.New(background, params("Hello"), test.options...)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "snapshot", message.Report().Snapshot, test.snapshot)
		equal(t, "generation", message.Report().Generation, i+1)
		found, _ := server.requests()[i].header("anthropic-version")
		equal(t, "version", found, test.version)
	}
	equal(t, "lines of both", lines.Load(), 4)
	wantCode(t, client.SetSnapshot("", claude.WithAPIKey("short")), claude.CodeInvalid)
	equal(t, "generation after one that was refused", client.Generation(""), 1)
	if err := client.SetSnapshot("", with("2022-02-02")...); err != nil {
		t.Fatal(err)
	}
	message, err := client.Messages.New(background, params("Hello"))
	if err != nil || message.Report().Generation != 3 {
		t.Error(err)
	}
	if err = client.RemoveSnapshot("b"); err != nil {
		t.Fatal(err)
	}
	_, err = client.Messages.New(background, params("Hello"), claude.WithSnapshot("b"))
	wantCode(t, err, claude.CodeInvalid)
	wantCode(t, client.SetSnapshot("b\x00", with("2022-02-02")...), claude.CodeInvalid)
	err = client.SetSnapshot("", claude.WithLog(claude.LogInfo, func(claude.LogLine) {}))
	if wantCode(t, err, claude.CodeInvalid); !strings.Contains(err.Error(), "NewClient") {
		t.Error(err)
	}
	t.Setenv("ANTHROPIC_API_KEY", testKey)
	t.Setenv("ANTHROPIC_BASE_URL", server.url)
	if err = client.SetSnapshot("env", claude.WithEnvironment()); err != nil {
		t.Fatal(err)
	}
	client.Close()
	wantCode(t, client.SetSnapshot("", with("2022-02-02")...), claude.CodeState)
	equal(t, "generation of a closed one", client.Generation(""), 0)
}

// settings is a file of a watcher, written as a whole.
func settings(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestWatcher(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	path := filepath.Join(t.TempDir(), "claude.json")
	watcher, err := claude.NewWatcher(path, map[string]any{"max_retries": 2})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, watcher.Err(), claude.CodeIO)
	var heard []int64
	if err = watcher.OnChange(func(generation int64) { heard = append(heard, generation) }); err != nil {
		t.Fatal(err)
	}
	if err = watcher.Attach(client, ""); err != nil {
		t.Fatal(err)
	}
	wantCode(t, watcher.Attach(client, ""), claude.CodeState)
	settings(t, path, `{"api_version": "2020-02-02", "timeout_ms": 9000}`)
	if _, err = client.Messages.New(background, params("Hello")); err != nil {
		t.Fatal(err)
	}
	version, _ := server.requests()[0].header("anthropic-version")
	equal(t, "the call has looked: version", version, "2020-02-02")
	equal(t, "heard in that call", heard, []int64{2})
	for name, want := range map[string]string{"timeout_ms": "9000", "max_retries": "2", "none": ""} {
		if value, err := watcher.Value(name); err != nil || value != want {
			t.Errorf("%s is %q, %v", name, value, err)
		}
	}
	settings(t, path, `{"api_version": 7}`)
	if changed, err := watcher.Poll(); changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	wantCode(t, watcher.Err(), claude.CodeInvalid)
	wantCode(t, watcher.Reload(), claude.CodeInvalid)
	settings(t, path, `{"max_retries": 1}`)
	if changed, err := watcher.Poll(); !changed || err != nil {
		t.Errorf("%v, %v", changed, err)
	}
	// It may use what it is told of.
	if err = watcher.OnChange(func(int64) {
		heard = append(heard, watcher.Generation())
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err = watcher.Update(map[string]any{"max_retries": 4}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, watcher.Update(nil), claude.CodeInvalid)
	if err = watcher.OnChange(nil); err != nil {
		t.Fatal(err)
	}
	if err = watcher.Reload(); err != nil {
		t.Fatal(err)
	}
	equal(t, "heard", heard, []int64{2, 3, 4})
	equal(t, "generation", watcher.Generation(), 5)
	settings(t, path, `{"base_url": "https://other.example"}`)
	wantCode(t, watcher.Reload(), claude.CodeInvalid)
	if err = watcher.AllowServer("https://other.example"); err != nil {
		t.Fatal(err)
	}
	if err = watcher.Reload(); err != nil {
		t.Error(err)
	}
	if err = watcher.Detach(client, ""); err != nil {
		t.Fatal(err)
	}
	wantCode(t, watcher.Detach(client, ""), claude.CodeState)
	var none *claude.Watcher
	wantCode(t, none.Attach(client, ""), claude.CodeInvalid)
	wantCode(t, watcher.Attach(nil, ""), claude.CodeInvalid)
	_, err = claude.NewWatcher(path, []int{1})
	wantCode(t, err, claude.CodeInvalid)
}

// A panic of what hears of changes comes out where somebody has looked.
func TestWatcherPanics(t *testing.T) {
	watcher, err := claude.NewWatcher(filepath.Join(t.TempDir(), "none"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = watcher.OnChange(func(int64) { panic("changed") }); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { equal(t, "panic", recover(), "changed") }()
		_ = watcher.Update(map[string]any{"max_retries": 1})
		t.Error("no panic")
	}()
	equal(t, "generation", watcher.Generation(), 2)
}

func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claude.json")
	watcher, err := claude.NewWatcher(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !watcher.IsNotified() {
		t.Log("the kernel does not tell: once a second")
	}
	var generation atomic.Int64
	if err = watcher.OnChange(generation.Store); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(background)
	ended := make(chan error)
	go func() { ended <- watcher.Watch(ctx) }()
	for i := int64(2); i < 6; i++ {
		settings(t, path, `{"max_retries": `+string(rune('0'+i))+`}`)
		eventually(t, "the change is heard of", func() bool { return generation.Load() == i })
	}
	cancel()
	if err = <-ended; err != nil {
		t.Error(err)
	}
	if err = watcher.Watch(ctx); err != nil {
		t.Errorf("a context that has ended: %v", err)
	}
	wantCode(t, watcher.Watch(nil), claude.CodeInvalid) //nolint:staticcheck
}

func TestCurlCommand(t *testing.T) {
	server := startSandbox(t)
	server.use(says)
	client := server.client()
	command, err := client.Messages.CurlCommand(params("It's"), "")
	if err != nil || command.Body != nil || strings.Contains(command.Text, testKey) {
		t.Fatalf("%v, %v", command, err)
	}
	equal(t, "requests", len(server.requests()), 0)
	if shell, err := exec.LookPath("curl"); err == nil && shell != "" {
		run := exec.Command("sh", "-c", command.String())
		run.Env = append(os.Environ(), "ANTHROPIC_API_KEY="+testKey)
		output, err := run.Output()
		if err != nil || !strings.Contains(string(output), "Yes") {
			t.Errorf("%v: %s", err, output)
		}
		key, _ := server.requests()[0].header("x-api-key")
		equal(t, "key", key, testKey)
	}
	streaming, err := client.Messages.CurlCommandStreaming(params("It's"), "body")
	if err != nil || !strings.Contains(string(streaming.Body), `"stream"`) || !strings.Contains(streaming.Text, "'@body'") {
		t.Errorf("%v, %v", streaming, err)
	}
	_, err = client.CurlCommand(claude.Request{Endpoint: "models.list"}, "", set("x", "y"))
	wantCode(t, err, claude.CodeInvalid)
	if command, err = client.CurlCommand(claude.Request{Endpoint: "models.list"}, ""); err != nil || !strings.Contains(command.Text, "/v1/models") {
		t.Errorf("%v, %v", command, err)
	}
}

func TestDiagnostics(t *testing.T) {
	server := startSandbox(t)
	client := server.client(set("diagnostics.timings", "8"), set("breaker.enabled", "true"), claude.WithHeader("x-team", "red"),
		claude.WithLog(claude.LogError, func(claude.LogLine) {}))
	message, err := client.Messages.New(background, params("Hello"), claude.WithCircuitBreaker())
	if err != nil {
		t.Fatal(err)
	}
	timings := message.Report().AttemptList[0].Timings
	if timings == nil || timings.Total <= 0 || timings.FirstByte <= 0 || timings.Connections != 1 {
		t.Errorf("%+v", timings)
	}
	report, err := client.Diagnostics()
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(report.Time) > time.Minute || len(report.Fingerprint) != 16 || strings.Contains(report.RawJSON(), testKey) {
		t.Error(report.RawJSON())
	}
	equal(t, "headers", report.Headers, []string{"x-team"})
	equal(t, "callbacks", report.Callbacks, []string{"log"})
	equal(t, "option", report.Options["diagnostics.timings"] != nil, true)
	equal(t, "endpoint", []any{report.Endpoints[0].URL, report.Endpoints[0].BreakerState}, []any{server.url, claude.BreakerClosed})
	attempt := report.Attempts[0]
	equal(t, "attempt", []any{attempt.EndpointName, attempt.Code, attempt.HTTPStatus, attempt.RequestID, attempt.Timings},
		[]any{"messages.create", "CLAUDE_OK", 200, message.RequestID(), *timings})
	other, err := server.client().Messages.New(background, params("Hello"))
	if err != nil || other.Report().AttemptList[0].Timings != nil {
		t.Errorf("timings that nobody asked for: %v", err)
	}
}

func TestSelfTest(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	test, err := client.SelfTest(background, claude.SelfTestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]claude.SelfTestCheck{}
	for _, row := range test.Checks {
		found[row.Name] = row
	}
	if test.URL != server.url || found["tcp"].Status != claude.SelfTestOK || found["tcp"].Duration < 0 || found["key"].Status != claude.SelfTestSkipped {
		t.Errorf("%s", test.RawJSON())
	}
	if test, err = client.SelfTest(background, claude.SelfTestOptions{Key: true, Model: "no-such-model"}); err != nil || test.Worst != claude.SelfTestFail {
		t.Errorf("%v, %v", test, err)
	}
	_, err = client.SelfTest(background, claude.SelfTestOptions{Timeout: -1 * time.Second})
	wantCode(t, err, claude.CodeInvalid)
	_, err = client.SelfTest(nil, claude.SelfTestOptions{}) //nolint:staticcheck
	wantCode(t, err, claude.CodeInvalid)

	server.use(`{"delay_ms": 60000, "body_json": {}}`)
	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	test, err = client.SelfTest(ctx, claude.SelfTestOptions{Timeout: time.Minute})
	if time.Since(start) > 20*time.Second || (err == nil && test.Worst != claude.SelfTestFail) {
		t.Errorf("%v, %v after %v", test, err, time.Since(start))
	}
	// A client that is closed meanwhile stays until the end of the test.
	closing := server.client()
	ended := make(chan error)
	go func() {
		_, err := closing.SelfTest(background, claude.SelfTestOptions{Timeout: 200 * time.Millisecond})
		ended <- err
	}()
	time.Sleep(20 * time.Millisecond)
	closing.Close()
	if err = <-ended; err != nil {
		t.Error(err)
	}
	_, err = closing.SelfTest(background, claude.SelfTestOptions{})
	wantCode(t, err, claude.CodeState)
	equal(t, "names", []claude.SelfTestStatus{claude.SelfTestOK, claude.SelfTestWarn, claude.SelfTestFail, claude.SelfTestSkipped, 0},
		"[ok warn fail skipped ]")
}

func TestLog(t *testing.T) {
	server := startSandbox(t)
	server.use(overloaded)
	var lines []claude.LogLine
	client := server.client(claude.WithLog(claude.LogDebug, func(line claude.LogLine) { lines = append(lines, line) }))
	_, err := client.Messages.New(background, params("Hello"))
	wantCode(t, err, claude.CodeOverloaded)
	events := map[string]claude.LogLine{}
	for _, line := range lines {
		events[line.Event] = line
	}
	for _, name := range []string{"call.begin", "attempt.begin", "attempt.failed", "call.end"} {
		if _, there := events[name]; !there {
			t.Errorf("no %s among %v", name, lines)
		}
	}
	var fields struct{ Code, Message string }
	if err = events["call.end"].Decode(&fields); err != nil || events["call.end"].Level != claude.LogError || fields.Code != "CLAUDE_E_OVERLOADED" {
		t.Errorf("%v, %s", err, events["call.end"].RawJSON())
	}
	equal(t, "levels", []claude.LogLevel{claude.LogError, claude.LogWarn, claude.LogInfo, claude.LogDebug, claude.LogTrace, 9},
		"[error warn info debug trace ]")
	if _, err = claude.NewClient(claude.WithAPIKey(testKey), claude.WithLog(9, func(claude.LogLine) {})); err == nil {
		t.Error("a level that is none")
	}
}

// A panic comes out where the call is waited for, and the client goes on.
func TestLogPanics(t *testing.T) {
	server := startSandbox(t)
	var quiet atomic.Bool
	client := server.client(claude.WithLog(claude.LogInfo, func(line claude.LogLine) {
		if !quiet.Load() {
			panic(claude.CodeConflict)
		}
	}))
	for name, call := range map[string]func(){
		"message": func() { _, _ = client.Messages.New(background, params("Hello")) },
		"stream":  func() { _, _ = client.Messages.NewStreaming(background, params("Hello"), scenario("text")).Message() },
	} {
		quiet.Store(false)
		func() {
			defer func() {
				failed, ok := recover().(error)
				if !ok || !strings.Contains(failed.Error(), "log lines has panicked") {
					t.Errorf("%s: %v", name, failed)
				}
			}()
			call()
		}()
		quiet.Store(true)
		func() { // of the lines that came after the first
			defer func() { _ = recover() }()
			call()
		}()
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTrail(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	_, err := claude.ReadTrail()
	wantCode(t, err, claude.CodeState)
	wantCode(t, claude.StartTrail(claude.MaxTrail+1), claude.CodeInvalid)
	wantCode(t, claude.StartTrail(-1), claude.CodeInvalid)
	if err = claude.StartTrail(2); err != nil {
		t.Fatal(err)
	}
	defer claude.StopTrail()
	for i := 0; i < 3; i++ {
		if _, err = client.Messages.New(background, params("Hello")); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := claude.ReadTrail()
	if err != nil {
		t.Fatal(err)
	}
	key, err := client.Secret(claude.KeyOfClient)
	if err != nil {
		t.Fatal(err)
	}
	if trail.Capacity != 2 || trail.Dropped < 1 || len(trail.Uses) != 2 || strings.Contains(trail.RawJSON(), testKey) {
		t.Fatal(trail.RawJSON())
	}
	use := trail.Uses[0]
	if use.Operation != "header" || use.Fingerprint != key.Fingerprint() || use.Thread <= 0 || time.Since(use.Time) > time.Minute || len(use.Backtrace) == 0 {
		t.Errorf("%+v", use)
	}
	claude.ClearTrail()
	if trail, err = claude.ReadTrail(); err != nil || len(trail.Uses) != 0 {
		t.Errorf("%v, %v", trail, err)
	}
}
