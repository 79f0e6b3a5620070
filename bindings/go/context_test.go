package claude_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"libclaude/claude"
)

func TestCancelledContext(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	ctx, cancel := context.WithCancel(background)
	stream := client.Messages.NewStreaming(ctx, params("Hello"), scenario("idle"))
	defer stream.Close()
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	waiting := make(chan error)
	go func() {
		_, err := client.Messages.New(ctx, params("Hello"), scenario("stall"))
		waiting <- err
	}()
	eventually(t, "both calls are there", func() bool { return len(server.requests()) == 2 })
	cancel()
	for stream.Next() {
	}
	for _, err := range []error{stream.Err(), <-waiting} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("not context.Canceled: %v", err)
		}
		wantCode(t, err, claude.CodeCanceled)
	}
	var failed *claude.Error
	if errors.As(stream.Err(), &failed); failed.Response == nil || failed.HTTPStatus != 200 || failed.Attempts != 1 {
		t.Errorf("what had arrived is lost: %+v", failed)
	}

	_, err := client.Messages.New(ctx, params("Hello"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %v", err)
	}
	if err := client.Messages.NewStreaming(ctx, params("Hello")).Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %v", err)
	}
	equal(t, "requests", len(server.requests()), 2)
}

func TestDeadline(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	const wanted = 60 * time.Millisecond
	calls := map[string]func(context.Context) error{
		"message": func(ctx context.Context) error {
			_, err := client.Messages.New(ctx, params("Hello"), scenario("stall"))
			return err
		},
		"stream": func(ctx context.Context) error {
			_, err := client.Messages.NewStreaming(ctx, params("Hello"), scenario("idle")).Message()
			return err
		},
	}
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(background, wanted)
		start := time.Now()
		err := call(ctx)
		took := time.Since(start)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || took < wanted || took > wanted+time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
		var failed *claude.Error
		if !errors.As(err, &failed) || !failed.Timeout() {
			t.Errorf("%s: no timeout: %+v", name, failed)
		}
		wantCode(t, err, claude.CodeTimeout)
	}
	_, err := client.Messages.New(background, params("Hello"), scenario("stall"), claude.WithTimeout(wanted))
	wantCode(t, err, claude.CodeTimeout)
	if errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "60 ms") {
		t.Errorf("the client's own timeout: %v", err)
	}
	_, err = client.Messages.NewStreaming(background, params("Hello"), scenario("idle"),
		claude.WithConfig("timeout.progress_ms", "60")).Message()
	wantCode(t, err, claude.CodeTimeout)
}

// After the end of its context a stream gives no more events, although it has some; and it does not pass for complete.
func TestCancelledWithEventsLeft(t *testing.T) {
	client := startSandbox(t).client()
	ctx, cancel := context.WithCancel(background)
	stream := client.Messages.NewStreaming(ctx, params("Hello"), scenario("text"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	time.Sleep(20 * time.Millisecond) // all of it has come
	cancel()
	eventually(t, "the stream has no more events", func() bool { return !stream.Next() })
	if message, err := stream.Message(); !errors.Is(err, context.Canceled) || message != nil {
		t.Errorf("%v, %v", message, err)
	}
}

// A wire is a server that streams an event a millisecond on each connection, and tells when one is closed.
type wire struct {
	url    string
	closed chan time.Time
}

func startWire(t *testing.T) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{"http://" + listener.Addr().String(), make(chan time.Time, 1000)}
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Add(2)
			ended := make(chan struct{})
			go func() {
				defer all.Done()
				_, _ = io.Copy(io.Discard, conn)
				w.closed <- time.Now()
				close(ended)
			}()
			go func() {
				defer all.Done()
				stream(conn, ended)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	return w
}

func stream(conn net.Conn, ended <-chan struct{}) {
	const start = `{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],` +
		`"model":"m","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}`
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: message_start\ndata: %s\n\n", start)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			fmt.Fprint(conn, "event: ping\ndata: {\"type\":\"ping\"}\n\n")
		}
	}
}

// How long after the end of a context its call has left the wire, with others running.
func TestCancellationReachesTheWire(t *testing.T) {
	const calls, busy = 100, 20
	server := startWire(t)
	client, err := claude.NewClient(claude.WithAPIKey(testKey), claude.WithBaseURL(server.url))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var others sync.WaitGroup
	all, stop := context.WithCancel(background)
	for i := 0; i < busy; i++ {
		others.Add(1)
		go func() {
			defer others.Done()
			_, _ = client.Messages.NewStreaming(all, params("Hello")).Message()
		}()
	}
	var took []time.Duration
	for i := 0; i < calls; i++ {
		took = append(took, untilClosed(t, client, server, i%2 == 0))
	}
	stop()
	others.Wait()
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	p95 := took[calls*95/100]
	fmt.Printf("cancelling until the wire is closed, %d calls: median %v, p95 %v, last %v\n", calls, took[calls/2], p95,
		took[calls-1])
	if p95 > 50*time.Millisecond {
		t.Errorf("p95 of cancelling is %v", p95)
	}
}

// untilClosed is the time from the end of a context to the end of its call's connection. Every other time nobody reads.
func untilClosed(t *testing.T, client *claude.Client, server *wire, read bool) time.Duration {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	stream := client.Messages.NewStreaming(ctx, params("Hello"))
	defer stream.Close()
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for read && stream.Next() {
		}
	}()
	time.Sleep(time.Millisecond)
	start := time.Now()
	cancel()
	at := <-server.closed
	<-ended
	return at.Sub(start)
}
