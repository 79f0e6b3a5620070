package claude_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

var background = context.Background()

func TestMessage(t *testing.T) {
	server := startSandbox(t)
	message, err := server.client().Messages.New(background, params("Hello <&> \u2028"), scenario("text-tool-thinking"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status", message.Status(), 200)
	equal(t, "type", message.Type(), "message")
	equal(t, "role", message.Role(), "assistant")
	equal(t, "stop reason", message.StopReason(), "tool_use")
	equal(t, "blocks", len(message.Content()), 3)
	if message.RequestID() == "" || message.Header("REQUEST-ID") != message.RequestID() {
		t.Errorf("request id %q, header %q", message.RequestID(), message.Header("request-id"))
	}
	if !json.Valid([]byte(message.RawJSON())) || message.Usage().OutputTokens <= 0 || message.ID() == "" {
		t.Errorf("incomplete: %s", message.RawJSON())
	}
	for _, block := range message.Content() {
		if block.Type == "" || !strings.Contains(message.RawJSON(), block.RawJSON()) {
			t.Errorf("block %q is not as received: %s", block.Type, block.RawJSON())
		}
	}
	sent := server.requests()[0]
	equal(t, "target", sent.Target, "/v1/messages")
	equal(t, "body", sent.Body, `{"model":"claude-opus-5","max_tokens":1024,"messages":[{"role":"user","content":"Hello <&> \u2028"}]}`)
}

func TestParamsOfAnyKind(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	raw := json.RawMessage(`{ "model":"m",  "max_tokens": 10, "messages":[{"role":"user","content":"raw"}],"x":1 }`)
	extra := params("extra")
	extra.Extra = map[string]any{"max_tokens": 7, "service_tier": "auto"}
	for text, body := range map[string]any{
		"map":   map[string]any{"model": "m", "max_tokens": 9, "messages": []any{claude.UserText("map")}},
		"raw":   raw,
		"extra": extra,
	} {
		server.control("POST", "reset", nil)
		message, err := client.Messages.New(background, body)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "text", message.Text(), "Echo: "+text)
		sent := server.requests()[len(server.requests())-1].Body
		switch text {
		case "raw":
			equal(t, "raw JSON", sent, string(raw))
		case "extra":
			if !strings.Contains(sent, `"service_tier":"auto"`) || strings.Count(sent, `"max_tokens":7`) != 1 ||
				strings.Contains(sent, "1024") {
				t.Errorf("extra members: %s", sent)
			}
		}
	}
}

func TestConversation(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	talk := params("One")
	message, err := client.Messages.New(background, talk)
	if err != nil {
		t.Fatal(err)
	}
	talk.Messages = append(talk.Messages, message.Param(), claude.UserText("Two"))
	if _, err = client.Messages.New(background, talk); err != nil {
		t.Fatal(err)
	}
	content, _ := json.Marshal(message.Param())
	if sent := server.requests()[1].Body; !strings.Contains(sent, string(content)) {
		t.Errorf("the answer is not in the next request: %s", sent)
	}
}

func TestCountTokensAndRequest(t *testing.T) {
	client := startSandbox(t).client()
	count, err := client.Messages.CountTokens(background, params("Hello"))
	if err != nil || count.InputTokens <= 0 {
		t.Fatalf("%+v, %v", count, err)
	}
	models, err := client.Do(background, claude.Request{Endpoint: "models.list"})
	if err != nil || !strings.Contains(models.RawJSON(), `"data"`) {
		t.Fatalf("%+v, %v", models, err)
	}
	answer, err := client.Do(background, claude.Request{Endpoint: "messages.create", Body: params("Hi")})
	if err != nil || !strings.Contains(answer.RawJSON(), "Echo: Hi") {
		t.Fatalf("%+v, %v", answer, err)
	}
	_, err = client.Do(background, claude.Request{Endpoint: "messages.sing"})
	if !errors.Is(err, claude.CodeInvalid) || !strings.Contains(err.Error(), "messages.sing") {
		t.Fatalf("an unknown endpoint: %v", err)
	}
}

func TestStream(t *testing.T) {
	server := startSandbox(t)
	stream := server.client().Messages.NewStreaming(background, params("Hello"), scenario("text"))
	defer stream.Close()
	var text strings.Builder
	var types []string
	for stream.Next() {
		event := stream.Event()
		types = append(types, event.Type())
		if event.Kind == claude.EventTextDelta {
			text.WriteString(event.Text)
			equal(t, "index", event.Index, 0)
		}
		var data struct{ Type string }
		if err := event.Decode(&data); err != nil || data.Type != event.Type() {
			t.Errorf("%s: %v", event.RawJSON(), err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	equal(t, "text", text.String(), "Hello, world!")
	equal(t, "types", types, []string{"message_start", "content_block_start", "ping", "content_block_delta",
		"content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop"})
	message, err := stream.Message()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "message", message.Text(), "Hello, world!")
	equal(t, "next after the end", stream.Next(), false)
	if !strings.Contains(server.requests()[0].Body, `"stream":true`) {
		t.Errorf("sent: %s", server.requests()[0].Body)
	}
}

func TestErrors(t *testing.T) {
	client := startSandbox(t).client()
	_, err := client.Messages.New(background, params("Hello"), scenario("rate-limited"))
	var failed *claude.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%T %v", err, err)
	}
	equal(t, "code", failed.Code, claude.CodeRateLimit)
	equal(t, "category", failed.Category, claude.CategoryRateLimit)
	equal(t, "status", failed.HTTPStatus, 429)
	equal(t, "type", failed.APIType, "rate_limit_error")
	equal(t, "retry after", failed.RetryAfter, 2*time.Second)
	equal(t, "attempts", failed.Attempts, 1)
	equal(t, "retryable", failed.Retryable, true)
	equal(t, "body", failed.Response.Type(), "error")
	equal(t, "request id", failed.RequestID, failed.Response.RequestID())
	if !errors.Is(err, claude.CodeRateLimit) || errors.Is(err, claude.CodeOverloaded) || errors.Is(err, context.Canceled) {
		t.Errorf("errors.Is: %v", err)
	}

	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("overloaded-in-stream"))
	message, err := stream.Message()
	if !errors.As(err, &failed) || message != nil {
		t.Fatalf("%v, %v", message, err)
	}
	equal(t, "code", failed.Code, claude.CodeOverloaded)
	equal(t, "partial text", failed.Response.Text(), "Hello, wor")
	equal(t, "err", stream.Err(), err)
}
