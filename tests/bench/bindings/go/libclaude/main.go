// The rows of libclaude for Go. Started by scripts/bench.
package main

import (
	"context"

	"github.com/libclaude/bench/harness"
	"libclaude/claude"
)

type client struct{ claude *claude.Client }

var params = claude.MessageParams{
	Model:     "claude-opus-5",
	MaxTokens: 1024,
	Messages:  []claude.MessageParam{claude.UserText("Hello")},
}

func (c client) Call(ctx context.Context) error {
	_, err := c.claude.Messages.New(ctx, params)
	return err
}

func (c client) Texts(ctx context.Context) (int, error) {
	count := 0
	stream := c.claude.Messages.NewStreaming(ctx, params, claude.WithHeader(harness.Scenario, "bench-bulk"))
	for stream.Next() {
		if stream.Event().Text != "" {
			count++
		}
	}
	return count, stream.Err()
}

func (c client) Events(ctx context.Context) (int, error) {
	count := 0
	stream := c.claude.Messages.NewStreaming(ctx, params, claude.WithHeader(harness.Scenario, "bench-bulk"))
	for stream.Next() {
		count++
	}
	return count, stream.Err()
}

func (c client) Open(ctx context.Context) (any, error) {
	stream := c.claude.Messages.NewStreaming(ctx, params, claude.WithHeader(harness.Scenario, "bench-idle"))
	stream.Next()
	return stream, stream.Err()
}

func main() {
	harness.Run(func(url string) harness.Client {
		opened, err := claude.NewClient(claude.WithAPIKey(harness.Key), claude.WithBaseURL(url))
		if err != nil {
			panic(err)
		}
		return client{opened}
	})
}
