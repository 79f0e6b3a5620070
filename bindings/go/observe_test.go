package claude_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"libclaude/claude"
)

// noted are the attempts that an observer has heard of.
type noted struct {
	mu  sync.Mutex
	all []*claude.Attempt
}

func (n *noted) note(attempt *claude.Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, attempt)
}

// phases are the phases and numbers of all, as text.
func (n *noted) phases() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	text := ""
	for _, attempt := range n.all {
		text += fmt.Sprintf("%v%d ", attempt.Phase, attempt.Number)
	}
	return text
}

func TestObserver(t *testing.T) {
	server := startSandbox(t)
	server.use(sequence(overloaded, says))
	var heard noted
	var refused error
	client := server.client(retrying(claude.WithAttemptObserver(func(attempt *claude.Attempt) {
		if attempt.Phase == claude.AttemptStarts {
			equal(t, "trace of the call", attempt.Header("TraceParent"), "00-of-the-call")
			equal(t, "the key", attempt.Header("x-api-key"), "")
			if err := attempt.SetHeader("traceparent", fmt.Sprintf("00-of-attempt-%d", attempt.Number)); err != nil {
				t.Error(err)
			}
			refused = attempt.SetHeader("x-api-key", "other")
		} else if attempt.Header("traceparent") != "" {
			t.Error("an attempt that has ended shows headers")
		}
		heard.note(attempt)
	}))...)
	message, err := client.Messages.New(background, params("Hello"), claude.WithRetries(), claude.WithHeader("traceparent", "00-of-the-call"))
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, refused, claude.CodeInvalid)
	equal(t, "phases", heard.phases(), "11 21 12 22 ")
	for i, sent := range server.requests() {
		trace, _ := sent.header("traceparent")
		equal(t, "what was sent", trace, fmt.Sprintf("00-of-attempt-%d", i+1))
	}
	start, end, last := heard.all[0], heard.all[1], heard.all[3]
	if start.URL != server.url+"/v1/messages" || start.Method != "POST" || start.EndpointName != "messages.create" ||
		start.Model != "claude-opus-5" || start.Endpoint != 0 || start.Code != 0 {
		t.Errorf("%+v", start)
	}
	if end.Code != claude.CodeOverloaded || end.HTTPStatus != 529 || end.OutputTokens >= 0 || end.FirstEvent >= 0 {
		t.Errorf("%+v", end)
	}
	if last.Code != 0 || last.HTTPStatus != 200 || last.RequestID != message.RequestID() {
		t.Errorf("%+v", last)
	}
	wantCode(t, last.SetHeader("a", "b"), claude.CodeState)
	equal(t, "a header, later", start.Header("traceparent"), "")
}

// Whatever an observer does ends in the program's own goroutine, and the client goes on.
func TestObserversThatPanic(t *testing.T) {
	server := startSandbox(t)
	server.use(asking(`wait {}`))
	broken := errors.New("broken")
	var heard noted
	client := server.client(claude.WithAttemptObserver(func(attempt *claude.Attempt) {
		heard.note(attempt)
		if attempt.Phase == claude.AttemptEnds {
			runtime.Goexit()
		}
		panic(broken)
	}))
	wait := claude.NewTool("wait", "Waits.", func(context.Context, struct{}) (any, error) { return "", nil })
	calls := map[string]func(){
		"message": func() { _, _ = client.Messages.New(background, params("Hello"), scenario("text")) },
		"stream": func() {
			_, _ = client.Messages.NewStreaming(background, params("Hello"), scenario("text")).Message()
		},
		"runner": func() {
			runner, err := client.Messages.NewToolRunner(params("Hello"), []claude.Tool{wait})
			if err != nil {
				t.Error(err)
				return
			}
			defer runner.Close()
			runner.Next(background)
		},
	}
	for name, call := range calls {
		for again := 0; again < 2; again++ {
			func() {
				defer func() {
					raised, ok := recover().(error)
					if !ok || !errors.Is(raised, broken) || !strings.Contains(raised.Error(), "TestObserversThatPanic") {
						t.Errorf("%s: %v was raised", name, raised)
					}
				}()
				call()
			}()
		}
	}
	// One that nobody came back with is raised by the next call.
	lost := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	if !lost.Next() {
		t.Fatal(lost.Err())
	}
	lost.Close()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("nothing was raised")
			}
		}()
		client.Messages.NewStreaming(background, params("Hello"))
	}()
	eventually(t, "all have ended", func() bool { return strings.Count(heard.phases(), "2") == 7 })
	equal(t, "requests", len(server.requests()), 7)
	client.Close()
	if _, err := client.Messages.New(background, params("Hello")); err == nil {
		t.Error("the client is closed")
	}
}

// Each attempt that starts ends, also one that is cancelled, or whose client is closed.
func TestObserverOfCancelledCalls(t *testing.T) {
	server := startSandbox(t)
	var heard noted
	client := server.client(claude.WithAttemptObserver(heard.note))
	ctx, cancel := context.WithCancel(background)
	stream := client.Messages.NewStreaming(ctx, params("Hello"), scenario("idle"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	cancel()
	for stream.Next() {
	}
	lost := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	if !lost.Next() {
		t.Fatal(lost.Err())
	}
	client.Close()
	equal(t, "attempts that ended", len(heard.all), 4)
	for _, i := range []int{1, 3} {
		if ended := heard.all[i]; ended.Phase != claude.AttemptEnds || ended.Code != claude.CodeCanceled {
			t.Errorf("%+v", ended)
		}
	}
	lost.Close()
}

// Many goroutines, one observer.
func TestObserverOfManyCalls(t *testing.T) {
	client := func() *claude.Client {
		var heard noted
		client := startSandbox(t, "--keep", "0").client(retrying(claude.WithAttemptObserver(heard.note))...)
		t.Cleanup(func() { equal(t, "attempts", len(heard.all), 2*64) })
		return client
	}()
	var all sync.WaitGroup
	for i := 0; i < 64; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := client.Messages.New(background, params("Hello"), claude.WithRetries()); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}
