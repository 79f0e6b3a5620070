package claude

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/cgo"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// gone says whether a handle was deleted.
func gone(handle cgo.Handle) (was bool) {
	defer func() { was = recover() != nil }()
	handle.Value()
	return false
}

func areGone(handles []cgo.Handle) (count int) {
	for _, handle := range handles {
		if gone(handle) {
			count++
		}
	}
	return count
}

func fetchNothing(context.Context, CredentialReason) (Token, error) { return Token{}, nil }

// Functions of secrets and watchers go with them, which go with the collector; others take their place.
func TestHandlesOfObjectsAreDeleted(t *testing.T) {
	made := newHandles(func() {
		secret, err := NewSecretUnchecked("a-token")
		if err != nil || secret.OnExpiry(0, func(Expiry) {}) != nil || secret.OnExpiry(0, func(Expiry) {}) == nil {
			t.Fatal(err)
		}
		watcher, err := NewWatcher("/nonexistent", nil)
		if err != nil || watcher.OnChange(func(int64) {}) != nil || watcher.OnChange(func(int64) {}) != nil {
			t.Fatal(err)
		}
	})
	if len(made) != 4 || !gone(made[1]) || !gone(made[2]) {
		t.Errorf("%v", made)
	}
	for i := 0; i < 100 && areGone(made) < 4; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if areGone(made) != 4 {
		t.Errorf("%d of 4 are gone", areGone(made))
	}
}

// Several may wait for what a watcher has to tell, and stop in any order.
func TestBells(t *testing.T) {
	var told teller
	heard := ""
	stopA := told.ring(func() { heard += "a" })
	stopB := told.ring(func() { heard += "b" })
	told.add(func() {})
	stopA()
	stopA()
	told.add(func() {})
	stopB()
	told.add(func() {})
	if heard != "abb" || len(told.bells) != 0 {
		t.Errorf("%q, %d are left", heard, len(told.bells))
	}
}

// A function that refers to its watcher keeps it until it is removed.
func TestWatchersThatFunctionsReferTo(t *testing.T) {
	collected := make(chan struct{})
	made := newHandles(func() {
		watcher, err := NewWatcher("/nonexistent", nil)
		if err != nil || watcher.OnChange(func(int64) { _ = watcher.Generation() }) != nil || watcher.OnChange(nil) != nil {
			t.Fatal(err)
		}
		runtime.SetFinalizer(watcher.told, func(*teller) { close(collected) })
	})
	if len(made) != 1 || !gone(made[0]) {
		t.Errorf("%v", made)
	}
	for i := 0; i < 100; i++ {
		finalize()
		select {
		case <-collected:
			return
		default:
		}
	}
	t.Error("the watcher was not collected")
}

// newHandles are the handles that are made by do, which are numbered.
func newHandles(do func()) []cgo.Handle {
	var made []cgo.Handle
	before := cgo.NewHandle(0)
	do()
	after := cgo.NewHandle(0)
	for handle := before + 1; handle < after; handle++ {
		made = append(made, handle)
	}
	before.Delete()
	after.Delete()
	return made
}

func observeNothing(context.Context, *Attempt) func(AttemptResult) { return nil }

// What C was given to call Go with is let go of with the client, and with the runner.
func TestHandlesAreDeleted(t *testing.T) {
	var client *Client
	var runner *ToolRunner
	ofClient := newHandles(func() {
		var err error
		client, err = NewClient(WithAPIKey("sk-ant-conformance-not-a-real-key"), WithDeprecationHandler(func(_, _ string) {}),
			WithAttemptObserver(observeNothing), WithLog(LogError, func(LogLine) {}), WithCredentialProvider(fetchNothing))
		if err != nil {
			t.Fatal(err)
		}
	})
	params := MessageParams{Model: "m", MaxTokens: 1, Messages: []MessageParam{UserText("Hi")}}
	ofRunner := newHandles(func() {
		var err error
		if runner, err = client.Messages.NewToolRunnerStreaming(params, nil, func(Event) {}); err != nil {
			t.Fatal(err)
		}
	})
	if len(ofClient) != 4 || len(ofRunner) != 1 || areGone(ofClient) != 0 || gone(ofRunner[0]) {
		t.Fatalf("%v, %v", ofClient, ofRunner)
	}
	runner.Close()
	if !gone(ofRunner[0]) || gone(ofClient[0]) {
		t.Error("a runner's events, after its end")
	}
	ofSnapshot := newHandles(func() {
		if err := client.SetSnapshot("b", WithAPIKey("sk-ant-conformance-not-a-real-key")); err != nil {
			t.Fatal(err)
		}
	})
	if len(ofSnapshot) != 4 || areGone(ofSnapshot) != 0 {
		t.Error("the functions of a snapshot")
	}
	client.Close()
	if areGone(ofClient) != 4 || areGone(ofSnapshot) != 4 {
		t.Error("a client's functions, after its end")
	}
	refused := newHandles(func() {
		_, err := NewClient(WithDeprecationHandler(func(_, _ string) {}), WithAttemptObserver(observeNothing), WithLog(LogError, func(LogLine) {}),
			WithCredentialProvider(fetchNothing), WithAPIKey(""))
		if err == nil {
			t.Error("a client without a key")
		}
	})
	if len(refused) != 4 || areGone(refused) != 4 {
		t.Error("the handler of a client that was refused")
	}
}

// An observer knows of calls as long as there are any, and of the right one where memory is used again.
func TestObservedCallsAreForgotten(t *testing.T) {
	client, err := NewClient(WithAPIKey("sk-ant-conformance-not-a-real-key"), WithBaseURL("http://127.0.0.1:9"),
		WithAttemptObserver(observeNothing))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	params := MessageParams{Model: "m", MaxTokens: 1, Messages: []MessageParam{UserText("Hi")}}
	watch := client.owner.engine.watcher
	if _, err = client.Messages.New(context.Background(), params); err == nil {
		t.Error("somebody listens at port 9")
	}
	stream := client.Messages.NewStreaming(context.Background(), params)
	runner, err := client.Messages.NewToolRunner(params, nil)
	if err != nil || len(watch.calls) != 2 {
		t.Fatalf("%v, %v", err, watch.calls)
	}
	runner.Close()
	if _, err = stream.Message(); err == nil || len(watch.calls) != 0 {
		t.Errorf("%v, %v", err, watch.calls)
	}
	one, two, place := watch.watch(context.Background()), watch.watch(context.Background()), unsafe.Pointer(watch)
	one.begin(place)
	two.begin(place)
	one.end(place)
	if watch.find(place, nil) != two || watch.find(nil, place) != two || watch.find(nil, nil) != nil {
		t.Error("the other call was forgotten")
	}
	two.end(place)
}

// What is made of C's memory goes with the collector.
func TestNothingIsKept(t *testing.T) {
	text := strings.Repeat("0123456789", 2000)
	message := &Message{Response: &Response{json: `{"type":"message","model":"claude-opus-5","usage":{"input_tokens":1,` +
		`"output_tokens":2},"stop_reason":"refusal","content":[{"type":"text","text":"` + text + `"}]}`}}
	page := &Response{json: `{"data":["` + text + `"],"has_more":true,"last_id":"` + text[:100] + `"}`}
	line := `{"custom_id":"a","result":{"type":"errored","error":{"type":"error","error":{"type":"api_error","message":"` + text + `"}}}}`
	round := func() {
		make, err := Request{Endpoint: "models.list", Query: map[string]any{"a": []string{text[:900], text[:900], text[:900], text[:900], text[:900], text[:900]}}}.source()()
		if err != nil {
			t.Fatal(err)
		}
		request, err := make()
		if err != nil {
			t.Fatal(err)
		}
		next, err := keep(request).turn(page, false)
		if err != nil || next == nil {
			t.Fatal(err)
		}
		file, err := FileOfBytes([]byte(text), text[:100])
		if err != nil || file.Size() != 20000 {
			t.Fatal(err)
		}
		partial, err := NewPartialJSON()
		if err != nil || partial.Add(`["`+text) != nil {
			t.Fatal(err)
		}
		if result, err := readBatchResult(line); err != nil || result.Err == nil {
			t.Fatal(err)
		}
		if _, err = DocumentFile(file); err != nil {
			t.Fatal(err)
		}
		if _, err = BuiltinModels.CostOf(message, ""); err != nil || message.Refusal() == nil {
			t.Fatal(err)
		}
		if err = message.ParseInto([]byte(`{"type":"string"}`), &text); err == nil {
			t.Fatal("a refusal was read")
		}
	}
	// The garbage of a few rounds at a time, and one thread that allocates: what the process has then depends on nothing else.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rounds := func(count int) int {
		for i := 1; i <= count; i++ {
			round()
			if i%25 == 0 {
				finalize()
			}
		}
		debug.FreeOSMemory()
		return memory(t)
	}
	before := rounds(300)
	const count = 2000
	if grown := rounds(count) - before; grown > count*10000 { // each of these texts has 20,000 bytes
		t.Errorf("%d bytes more for each of %d rounds", grown/count, count)
	}
}

// finalize collects garbage, and waits until all of its finalizers have run.
func finalize() {
	for i := 0; i < 2; i++ { // what is let go of by a finalizer is garbage of the next time
		done := make(chan struct{})
		runtime.SetFinalizer(new([16]byte), func(*[16]byte) { close(done) })
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-done:
				waiting = false
			case <-time.After(time.Millisecond):
			}
		}
	}
}

func memory(t *testing.T) int {
	t.Helper()
	text := read(t, "/proc/self/statm")
	pages, err := strconv.Atoi(strings.Fields(text)[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestPausesOfABatch(t *testing.T) {
	running := &Batch{raw: raw{`{"processing_status":"in_progress"}`}}
	for i, test := range []struct {
		how     BatchWait
		batch   *Batch
		attempt uint32
		want    time.Duration
	}{
		{BatchWait{}, running, 0, time.Second},
		{BatchWait{First: 5 * time.Millisecond}, running, 0, 5 * time.Millisecond},
		{BatchWait{First: time.Nanosecond}, running, 0, time.Millisecond},
		{BatchWait{First: 8 * time.Millisecond}, running, 1, 12 * time.Millisecond},
		{BatchWait{Max: 2 * time.Second}, running, 30, 2 * time.Second},
		{BatchWait{}, &Batch{raw: raw{`{"processing_status":"ended"}`}}, 0, 0},
	} {
		if pause, err := test.how.pause(test.batch, test.attempt); err != nil || pause != test.want {
			t.Errorf("%d: %v, %v, want %v", i, pause, err, test.want)
		}
	}
}

func TestTime(t *testing.T) {
	for text, want := range map[string]string{
		`"2026-11-23T04:05:06.5Z"`: "2026-11-23T04:05:06.5Z", `"2026-11-23"`: "2026-11-23T00:00:00Z",
		`null`: "0001-01-01T00:00:00Z", `"soon"`: "0001-01-01T00:00:00Z", `7`: "0001-01-01T00:00:00Z",
	} {
		moment := Time{time.Now()}
		err := json.Unmarshal([]byte(text), &moment)
		if got := moment.Format(time.RFC3339Nano); err != nil || got != want {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
}

// Options that are given to the wrong side say so.
func TestOptionsOfClientsAndCalls(t *testing.T) {
	ctx := context.Background()
	client, err := NewClient(WithAPIKey("sk-ant-conformance-not-a-real-key"), WithBaseURL("http://127.0.0.1:9"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for name, option := range map[string]Option{
		"WithModels": WithModels(nil), "WithDeprecationHandler": WithDeprecationHandler(func(_, _ string) {}),
		"WithAttemptObserver": WithAttemptObserver(observeNothing), "WithBreaker": WithBreaker(nil),
		"WithLimiter": WithLimiter(nil), "WithEndpoints": WithEndpoints(nil), "WithSharedQuota": WithSharedQuota(nil),
		"WithLog": WithLog(LogInfo, nil), "WithCredentialProvider": WithCredentialProvider(nil), "WithSecret": WithSecret(nil),
		"WithEnvironment": WithEnvironment(),
	} {
		if _, err := client.Do(ctx, Request{Endpoint: "models.list"}, option); err == nil || !strings.Contains(err.Error(), name+" is an option of clients") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, option := range map[string]Option{
		"WithBetas": WithBetas("a"), "WithExpiresIn": WithExpiresIn(1), "WithOutput": WithOutput[int](), "WithResponseInto": WithResponseInto(nil),
		"WithRetries": WithRetries(), "WithCircuitBreaker": WithCircuitBreaker(), "WithRateLimiting": WithRateLimiting(),
		"WithFailover": WithFailover(), "WithQuota": WithQuota(), "WithSnapshot": WithSnapshot("b"), "WithEnterpriseFeatures": WithEnterpriseFeatures(),
	} {
		if _, err := NewClient(option); err == nil || !strings.Contains(err.Error(), fmt.Sprint(name, " is an option of calls")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, option := range map[string]Option{
		"NewBreaker": WithBreaker(nil), "NewLimiter": WithLimiter(&Limiter{}), "NewFailover": WithEndpoints(&Failover{}),
		"the observer is nil": WithAttemptObserver(nil), "NewQuota": WithSharedQuota(&Quota{}), "NewSecret": WithSecret(&Secret{}),
		"the function for log lines is nil": WithLog(LogInfo, nil), "the credential provider is nil": WithCredentialProvider(nil),
	} {
		if _, err := NewClient(option); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
