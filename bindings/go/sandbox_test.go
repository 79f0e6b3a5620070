package claude_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"libclaude/claude"
)

const testKey = "sk-ant-conformance-not-a-real-key"

// A sandbox is the project's scripted server, see tests/sandbox/README.md.
type sandbox struct {
	t   testing.TB
	url string
}

// startSandbox starts a server for this test alone.
func startSandbox(t testing.TB, arguments ...string) *sandbox {
	t.Helper()
	path := os.Getenv("CLAUDE_SANDBOX")
	if path == "" {
		t.Fatal("CLAUDE_SANDBOX must name the sandbox server, see scripts/test go")
	}
	command := exec.Command(path, append([]string{"--port", "0", "--exit-with-parent"}, arguments...)...)
	command.Stderr = os.Stderr
	input, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(input).ReadString('\n')
	address := strings.TrimPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || address == strings.TrimSpace(line) {
		t.Fatalf("the sandbox said %q: %v", line, err)
	}
	return &sandbox{t, "http://" + address}
}

// control asks something of the sandbox itself.
func (s *sandbox) control(method, path string, body any) []byte {
	s.t.Helper()
	data, ok := body.(json.RawMessage)
	if !ok && body != nil {
		data, _ = json.Marshal(body)
	}
	request, err := http.NewRequest(method, s.url+"/_sandbox/"+path, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Close = true
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, text, err)
	}
	return text
}

// use makes a scenario, of JSON, the answer to every request.
func (s *sandbox) use(scenario string) {
	s.t.Helper()
	s.control("PUT", "scenarios/test", json.RawMessage(scenario))
	s.control("POST", "scenario", map[string]any{"name": "test"})
}

// A received is a request that the sandbox has recorded.
type received struct {
	Method   string
	Target   string
	Headers  [][2]string
	Body     string
	Complete bool
	Replied  bool
}

func (r received) header(name string) (string, bool) {
	for _, pair := range r.Headers {
		if strings.EqualFold(pair[0], name) {
			return pair[1], true
		}
	}
	return "", false
}

func (s *sandbox) requests() []received {
	s.t.Helper()
	var record struct{ Requests []received }
	if err := json.Unmarshal(s.control("GET", "requests", nil), &record); err != nil {
		s.t.Fatal(err)
	}
	return record.Requests
}

// stat is a figure of the sandbox, for example "connections_open".
func (s *sandbox) stat(name string) int {
	s.t.Helper()
	figures := map[string]any{}
	if err := json.Unmarshal(s.control("GET", "stats", nil), &figures); err != nil {
		s.t.Fatal(err)
	}
	value, ok := figures[name].(float64)
	if !ok {
		s.t.Fatalf("no figure %s in %v", name, figures)
	}
	return int(value)
}

// client makes a client of the sandbox, closed at the end of the test.
func (s *sandbox) client(options ...claude.Option) *claude.Client {
	s.t.Helper()
	all := append([]claude.Option{claude.WithAPIKey(testKey), claude.WithBaseURL(s.url)}, options...)
	client, err := claude.NewClient(all...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	return client
}

// params are those of a message that says text.
func params(text string) claude.MessageParams {
	return claude.MessageParams{
		Model: "claude-opus-5", MaxTokens: 1024, Messages: []claude.MessageParam{claude.UserText(text)},
	}
}

// scenario is the option that chooses a built-in scenario.
func scenario(name string) claude.Option { return claude.WithHeader("x-sandbox-scenario", name) }

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
