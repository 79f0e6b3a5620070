package claude_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"libclaude/claude"
)

const openAtOnce = 1000

// openStreams opens many streams of which each has brought events and waits for more, then ends them.
func openStreams() {
	client, err := claude.NewClient(claude.WithAPIKey(testKey), claude.WithBaseURL(os.Getenv("CLAUDE_GO_SERVER")))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	settle()
	var open, ended sync.WaitGroup
	for i := 0; i < openAtOnce; i++ {
		open.Add(1)
		ended.Add(1)
		go func() {
			defer ended.Done()
			stream := client.Messages.NewStreaming(background, params("Hello"))
			defer stream.Close()
			for n := 0; n < 3; n++ {
				if !stream.Next() {
					panic(stream.Err())
				}
			}
			open.Done()
			for stream.Next() { // a ping now and then, until the server ends it
			}
			if stream.Err() != nil {
				panic(stream.Err())
			}
		}()
	}
	open.Wait()
	fmt.Println("open", openAtOnce)
	settle()
	fmt.Println("threads while open", threads())
	ended.Wait()
}

// run runs a program of TestMain's and returns the last figure of that name that it prints.
func run(t *testing.T, program, figure string, environment ...string) int {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(append(os.Environ(), "CLAUDE_GO_PROGRAM="+program), environment...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, output)
	}
	at := strings.LastIndex(string(output), figure+" ")
	value, err := strconv.Atoi(strings.Fields(string(output[at+len(figure):]))[0])
	if at < 0 || err != nil {
		t.Fatalf("%s printed no %s: %s", program, figure, output)
	}
	return value
}

func TestThreadsOfManyStreams(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	server.use(`{"generate": {"events": 20, "event_bytes": 200, "per_write": "each", "interval_us": 50000}}`)
	idle := run(t, "idle", "threads")
	busy := run(t, "streams", "threads", "CLAUDE_GO_SERVER="+server.url)
	// On a loaded machine Go starts another thread now and then, where the system took one away from it in C.
	for again := 0; again < 2 && busy > idle+2; again++ {
		busy = run(t, "streams", "threads", "CLAUDE_GO_SERVER="+server.url)
	}
	t.Logf("threads: %d with %d open streams, %d in an idle program", busy, openAtOnce, idle)
	if busy > idle+2 {
		t.Errorf("%d threads with %d open streams, %d in an idle program", busy, openAtOnce, idle)
	}
}

// Many goroutines share a client: each gets its own answer, whole.
func TestSharedClient(t *testing.T) {
	client := startSandbox(t, "--keep", "0").client()
	var all sync.WaitGroup
	for i := 0; i < 64; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for round := 0; round < 4; round++ {
				text := fmt.Sprintf("%d in round %d", i, round)
				if round%2 == 0 {
					message, err := client.Messages.New(background, params(text))
					if err != nil || message.Text() != "Echo: "+text {
						t.Errorf("%s: %v, %v", text, message, err)
					}
					continue
				}
				message, err := client.Messages.NewStreaming(background, params(text)).Message()
				if err != nil || message.Text() != "Echo: "+text {
					t.Errorf("%s: %v, %v", text, message, err)
				}
			}
		}(i)
	}
	all.Wait()
}

// Every event arrives, in order, also when there are far more than fit the queue and one is larger than any buffer.
func TestManyAndLargeEvents(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	server.use(`{"generate": {"events": 50000, "event_bytes": 150, "per_write": "bulk"}}`)
	stream := client.Messages.NewStreaming(background, params("Hello"))
	count, bytes := 0, 0
	for stream.Next() {
		if event := stream.Event(); event.Kind == claude.EventTextDelta {
			if number, err := strconv.Atoi(event.Text[:3]); err != nil || number != count%1000 {
				t.Fatalf("event %d says %q", count, event.Text)
			}
			count++
			bytes += len(event.Text)
		}
	}
	message, err := stream.Message()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "events", count, 50000)
	equal(t, "text of the message", len(message.Text()), bytes)

	stream = client.Messages.NewStreaming(background, params("Hello"), scenario("huge-event"),
		claude.WithConfig("limit.event_bytes", "33554432"))
	largest := 0
	for stream.Next() {
		if n := len(stream.Event().Text); n > largest {
			largest = n
		}
	}
	if message, err = stream.Message(); err != nil {
		t.Fatal(err)
	}
	equal(t, "large text", largest, len(message.Text()))
	if largest < 16<<20 {
		t.Errorf("the large event has %d bytes", largest)
	}
}

// One stream that nobody reads neither stops the others nor fills the memory.
func TestSlowReader(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	client := server.client()
	server.use(`{"generate": {"events": 200000, "event_bytes": 500, "per_write": "bulk"}}`)
	slow := client.Messages.NewStreaming(background, params("Hello"), claude.WithConfig("stream.accumulate", "false"))
	defer slow.Close()
	if !slow.Next() {
		t.Fatal(slow.Err())
	}
	before := resident(t)
	for i := 0; i < 20; i++ {
		message, err := client.Messages.New(background, params("Hello"), scenario("text"))
		if err != nil || message.Text() != "Hello, world!" {
			t.Fatalf("%v, %v", message, err)
		}
	}
	time.Sleep(100 * time.Millisecond)
	if grown := resident(t) - before; grown > 20<<20 {
		t.Errorf("%d MiB more with a stream of 100 MB that nobody reads", grown>>20)
	}
	count := 1
	for slow.Next() {
		count++
	}
	if slow.Err() != nil || count < 200000 {
		t.Errorf("%d events, %v", count, slow.Err())
	}
}

// resident is the memory of this process in bytes.
func resident(t *testing.T) int {
	t.Helper()
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestCloseOfAStream(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	go stream.Close() // while Next waits
	for stream.Next() {
	}
	wantCode(t, stream.Err(), claude.CodeState)
	equal(t, "close again", stream.Close(), nil)
	_, err := stream.Message()
	wantCode(t, err, claude.CodeState)
	eventually(t, "the connection is closed", func() bool { return server.stat("connections_open") <= 1 })

	stream = client.Messages.NewStreaming(background, params("Hello"), scenario("text"))
	if _, err = stream.Message(); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	message, err := stream.Message()
	if err != nil || message.Text() != "Hello, world!" {
		t.Errorf("the message of a stream that was closed after its end: %v, %v", message, err)
	}
}

// A client that is closed ends what is running, and waits for its goroutine.
func TestCloseOfAClient(t *testing.T) {
	server := startSandbox(t)
	before := runtime.NumGoroutine()
	client := server.client()
	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	waiting := make(chan error)
	go func() {
		_, err := client.Messages.New(background, params("Hello"), scenario("stall"))
		waiting <- err
	}()
	eventually(t, "both calls are there", func() bool { return len(server.requests()) == 2 })
	client.Close()
	client.Close()
	wantCode(t, <-waiting, claude.CodeCanceled)
	for stream.Next() {
	}
	wantCode(t, stream.Err(), claude.CodeCanceled)
	if !strings.Contains(stream.Err().Error(), "the client was closed") {
		t.Errorf("not said why: %v", stream.Err())
	}
	stream.Close()
	_, err := client.Messages.New(background, params("Hello"))
	wantCode(t, err, claude.CodeState)
	wantCode(t, client.Messages.NewStreaming(background, params("Hello")).Err(), claude.CodeState)
	if left := leftGoroutines(before); left != "" {
		t.Errorf("goroutines are left:\n%s", left)
	}
}

// A server that streams although it was not asked to: nobody takes these events, so none are kept.
func TestStreamedAnswerToAPlainCall(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"headers": [["content-type", "text/event-stream"]],
		"generate": {"events": 600000, "event_bytes": 150, "per_write": "bulk"}}`)
	client := server.client()
	before := resident(t)
	message, err := client.Messages.New(background, params("Hello"), claude.WithConfig("stream.accumulate", "false"),
		claude.WithConfig("limit.message_bytes", "200000000"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "stop reason", message.StopReason(), "end_turn")
	if grown := resident(t) - before; grown > 50<<20 { // kept they would be 130 MiB
		t.Errorf("%d MiB more", grown>>20)
	}
}

// When Close returns nothing is left: no descriptor, and so no driver that needs it.
func TestCloseIsTheEnd(t *testing.T) {
	server := startSandbox(t)
	before := descriptors(t)
	client, err := claude.NewClient(claude.WithAPIKey(testKey), claude.WithBaseURL(server.url))
	if err != nil {
		t.Fatal(err)
	}
	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("stall"))
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	time.Sleep(400 * time.Millisecond) // so that no timer of the connection is left that would wake the driver
	start := time.Now()
	client.Close()
	equal(t, "descriptors", descriptors(t), before)
	if took := time.Since(start); took > time.Second {
		t.Errorf("Close took %v", took)
	}
	stream.Close()
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// What is lost without Close is ended when its memory is collected.
func TestLostStreams(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	for i := 0; i < 10; i++ {
		if stream := client.Messages.NewStreaming(background, params("Hello"), scenario("idle")); !stream.Next() {
			t.Fatal(stream.Err())
		}
	}
	collected(t, server)
	if _, err := client.Messages.New(background, params("Hello")); err != nil {
		t.Error(err)
	}
}

func TestLostClient(t *testing.T) {
	server := startSandbox(t)
	before := runtime.NumGoroutine()
	func() {
		client, err := claude.NewClient(claude.WithAPIKey(testKey), claude.WithBaseURL(server.url))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Fatal(err)
		}
	}()
	collected(t, server)
	if left := leftGoroutines(before); left != "" {
		t.Errorf("goroutines are left:\n%s", left)
	}
}

// collected waits until no connections are left but that of the question.
func collected(t *testing.T, server *sandbox) {
	t.Helper()
	eventually(t, "the connections are closed", func() bool {
		runtime.GC()
		return server.stat("connections_open") <= 1
	})
}

// A stream keeps its client's connections alive.
func TestStreamOutlivesItsClient(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"generate": {"events": 50, "event_bytes": 200, "per_write": "each", "interval_us": 2000}}`)
	stream := func() *claude.Stream {
		client, err := claude.NewClient(claude.WithAPIKey(testKey), claude.WithBaseURL(server.url))
		if err != nil {
			t.Fatal(err)
		}
		return client.Messages.NewStreaming(background, params("Hello"))
	}()
	for stream.Next() {
		runtime.GC()
	}
	if stream.Err() != nil {
		t.Error(stream.Err())
	}
}

func wantCode(t testing.TB, err error, code claude.Code) {
	t.Helper()
	if failed, ok := err.(*claude.Error); !ok || failed.Code != code {
		t.Errorf("the error is %v, want %v", err, code.String())
	}
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Errorf("not within 5 seconds: %s", what)
}
