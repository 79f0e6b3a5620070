//go:build go1.23

package claude_test

import (
	"strings"
	"testing"

	"libclaude/claude"
)

func TestAll(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	var text strings.Builder
	for event, err := range client.Messages.NewStreaming(background, params("Hello"), scenario("text")).All() {
		if err != nil {
			t.Fatal(err)
		}
		if event.Kind == claude.EventTextDelta {
			text.WriteString(event.Text)
		}
	}
	equal(t, "text", text.String(), "Hello, world!")

	var failure error
	count := 0
	for _, err := range client.Messages.NewStreaming(background, params("Hello"), scenario("overloaded-in-stream")).All() {
		count++
		failure = err
	}
	equal(t, "events and the error", count, 6)
	wantCode(t, failure, claude.CodeOverloaded)

	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("idle"))
	for range stream.All() {
		break
	}
	eventually(t, "leaving the loop closes the connection", func() bool { return server.stat("connections_open") <= 2 })
	wantCode(t, second(stream.Message()), claude.CodeState)
}

func second(_ *claude.Message, err error) error { return err }
