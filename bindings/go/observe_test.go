package claude_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"libclaude/claude"
)

// contextKey is of what the tests put into contexts.
type contextKey struct{}

func named(name string) context.Context { return context.WithValue(background, contextKey{}, name) }

// heard is what an observer was told: the name of the call's context, and what happened.
type heard struct {
	mu       sync.Mutex
	lines    []string
	attempts []*claude.Attempt
	results  []claude.AttemptResult
}

func (h *heard) observe(ctx context.Context, attempt *claude.Attempt) func(claude.AttemptResult) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.attempts = append(h.attempts, attempt)
	h.lines = append(h.lines, fmt.Sprintf("%v %d starts", ctx.Value(contextKey{}), attempt.Number))
	return func(result claude.AttemptResult) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.results = append(h.results, result)
		h.lines = append(h.lines, fmt.Sprintf("%v %d ends", ctx.Value(contextKey{}), attempt.Number))
	}
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.lines, ", ")
}

func TestObserver(t *testing.T) {
	server := startSandbox(t)
	server.use(sequence(overloaded, says))
	var told heard
	client := server.client(retrying(claude.WithAttemptObserver(
		func(ctx context.Context, attempt *claude.Attempt) func(claude.AttemptResult) {
			equal(t, "a header of the call", attempt.Header("X-Team"), "red")
			equal(t, "the key", attempt.Header("x-api-key"), "")
			if err := attempt.SetHeader("traceparent", fmt.Sprint(ctx.Value(contextKey{}), attempt.Number)); err != nil {
				t.Error(err)
			}
			wantCode(t, attempt.SetHeader("x-api-key", "other"), claude.CodeInvalid)
			return told.observe(ctx, attempt)
		}))...)
	message, err := client.Messages.New(named("one"), params("Hello"), claude.WithRetries(), claude.WithHeader("x-team", "red"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "what it was told", &told, "one 1 starts, one 1 ends, one 2 starts, one 2 ends")
	for i, sent := range server.requests() {
		trace, _ := sent.header("traceparent")
		equal(t, "what was sent", trace, fmt.Sprint("one", i+1))
	}
	if start := told.attempts[0]; start.URL != server.url+"/v1/messages" || start.Method != "POST" ||
		start.EndpointName != "messages.create" || start.Model != "claude-opus-5" || start.Endpoint != 0 {
		t.Errorf("%+v", start)
	}
	if end := told.results[0]; end.Code != claude.CodeOverloaded || end.HTTPStatus != 529 || end.OutputTokens >= 0 || end.FirstEvent >= 0 {
		t.Errorf("%+v", end)
	}
	if end := told.results[1]; end.Code != 0 || end.HTTPStatus != 200 || end.RequestID != message.RequestID() {
		t.Errorf("%+v", end)
	}
	wantCode(t, told.attempts[1].SetHeader("a", "b"), claude.CodeState)
	equal(t, "a header, later", told.attempts[1].Header("x-team"), "")
}

// Each call has its own context, whoever makes it.
func TestObserverOfManyCalls(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	var told heard
	client := server.client(claude.WithAttemptObserver(told.observe))
	const calls = 24
	var all sync.WaitGroup
	for i := 0; i < calls; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			ctx := named(fmt.Sprint("call ", i))
			var err error
			switch i % 3 {
			case 0:
				_, err = client.Messages.New(ctx, params("Hello"))
			case 1:
				_, err = client.Messages.NewStreaming(ctx, params("Hello")).Message()
			case 2:
				var runner *claude.ToolRunner
				if runner, err = client.Messages.NewToolRunner(params("Hello"), nil); err == nil {
					defer runner.Close()
					_, err = runner.Run(ctx)
				}
			}
			if err != nil {
				t.Error(err)
			}
		}(i)
	}
	all.Wait()
	lines := told.String() + ","
	for i := 0; i < calls; i++ {
		start, end := fmt.Sprintf("call %d 1 starts,", i), fmt.Sprintf("call %d 1 ends,", i)
		if strings.Count(lines, start) != 1 || strings.Index(lines, end) < strings.Index(lines, start) {
			t.Errorf("of call %d was told: %s", i, lines)
		}
	}
}

// Each attempt that starts ends, also one that is cancelled, or whose client or runner is closed.
func TestObserverOfCancelledCalls(t *testing.T) {
	server := startSandbox(t)
	var told heard
	client := server.client(claude.WithAttemptObserver(told.observe))
	open := func(ctx context.Context) *claude.Stream {
		stream := client.Messages.NewStreaming(ctx, params("Hello"), scenario("idle"))
		if !stream.Next() {
			t.Fatal(stream.Err())
		}
		return stream
	}
	ctx, cancel := context.WithCancel(named("cancelled"))
	stream := open(ctx)
	cancel()
	for stream.Next() {
	}
	runner, err := client.Messages.NewToolRunner(params("Hello"), nil, scenario("stall"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(named("runner"))
	over := make(chan struct{})
	go func() {
		defer close(over)
		runner.Next(ctx)
	}()
	eventually(t, "it runs", func() bool { return strings.Contains(told.String(), "runner") })
	cancel()
	<-over
	runner.Close()
	open(named("closed")).Close()
	eventually(t, "the closed one has ended", func() bool { return strings.Contains(told.String(), "closed 1 ends") })
	lost := open(named("lost"))
	client.Close()
	equal(t, "what it was told", &told, "cancelled 1 starts, cancelled 1 ends, runner 1 starts, runner 1 ends, "+
		"closed 1 starts, closed 1 ends, lost 1 starts, lost 1 ends")
	for _, result := range told.results {
		equal(t, "code", result.Code, claude.CodeCanceled)
	}
	lost.Close()
}

// What an observer says when it panics is heard by who waits for the call, which ends; the client goes on.
func TestObserversThatPanic(t *testing.T) {
	server := startSandbox(t)
	broken := errors.New("broken")
	var atEnd, exits atomic.Bool
	fall := func() {
		if exits.Load() {
			runtime.Goexit()
		}
		panic(broken)
	}
	client := server.client(retrying(claude.WithAttemptObserver(
		func(context.Context, *claude.Attempt) func(claude.AttemptResult) {
			if !atEnd.Load() {
				fall()
			}
			return func(claude.AttemptResult) { fall() }
		}))...)
	calls := map[string]func(){
		"message": func() { _, _ = client.Messages.New(background, params("Hello"), claude.WithRetries()) },
		"stream": func() {
			_, _ = client.Messages.NewStreaming(background, params("Hello"), claude.WithRetries()).Message()
		},
		"runner": func() {
			runner, err := client.Messages.NewToolRunner(params("Hello"), nil, claude.WithRetries())
			if err != nil {
				t.Error(err)
				return
			}
			defer runner.Close()
			runner.Next(background)
		},
	}
	for i := 0; i < 4; i++ {
		atEnd.Store(i%2 == 1)
		exits.Store(i >= 2)
		server.control("POST", "reset", nil)
		server.use(overloaded)
		for name, call := range calls {
			returned, raised := outcome(call)
			err, _ := raised.(error)
			if i < 2 && !(errors.Is(err, broken) && strings.Contains(err.Error(), "TestObserversThatPanic")) {
				t.Errorf("%s: %v was raised", name, raised)
			}
			if returned || i >= 2 && raised != nil {
				t.Errorf("%s has returned: %v, or raised %v", name, returned, raised)
			}
		}
		equal(t, "requests", len(server.requests()), 3*(i%2))
	}

	exits.Store(false)
	atEnd.Store(true)
	lost := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	if !lost.Next() {
		t.Fatal(lost.Err())
	}
	lost.Close()
	eventually(t, "the next call hears of it", func() bool {
		_, raised := outcome(func() { client.Messages.NewStreaming(background, nil) })
		return raised != nil
	})
	if stream := client.Messages.NewStreaming(background, nil); stream.Err() == nil {
		t.Error("a stream of nothing")
	}
}

// outcome says whether do has returned, and what it has panicked with.
func outcome(do func()) (returned bool, raised any) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { raised = recover() }()
		do()
		returned = true
	}()
	<-done
	return returned, raised
}
