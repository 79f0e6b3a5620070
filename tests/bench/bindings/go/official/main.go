// The rows of the official Go SDK. Started by scripts/bench.
package main

import (
	"context"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
	"github.com/libclaude/bench/harness"
)

type client struct{ sdk anthropic.Client }

func params() anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model:     "claude-opus-5",
		MaxTokens: 1024,
		Messages:  []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock("Hello"))},
	}
}

func (c client) Call(ctx context.Context) error {
	_, err := c.sdk.Messages.New(ctx, params())
	return err
}

func (c client) Texts(ctx context.Context) (int, error) {
	count := 0
	stream := c.sdk.Messages.NewStreaming(ctx, params(), option.WithHeader(harness.Scenario, "bench-few"))
	for stream.Next() {
		if event, ok := stream.Current().AsAny().(anthropic.ContentBlockDeltaEvent); ok && event.Delta.Text != "" {
			count++
		}
	}
	return count, stream.Err()
}

func (c client) Events(ctx context.Context) (int, error) {
	count := 0
	stream := c.sdk.Messages.NewStreaming(ctx, params(), option.WithHeader(harness.Scenario, "bench-few"))
	for stream.Next() {
		count++
	}
	return count, stream.Err()
}

func (c client) Open(ctx context.Context) (any, error) {
	stream := c.sdk.Messages.NewStreaming(ctx, params(), option.WithHeader(harness.Scenario, "bench-idle"))
	stream.Next()
	return stream, stream.Err()
}

func main() {
	harness.Run(func(url string) harness.Client {
		return client{anthropic.NewClient(option.WithAPIKey(harness.Key), option.WithBaseURL(url),
			option.WithMaxRetries(0))}
	})
}
