// Package claude is a client for Anthropic's Claude API: a thin layer over the C library libclaude.
//
//	client, err := claude.FromEnv()
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer client.Close()
//	message, err := client.Messages.New(ctx, claude.MessageParams{
//		Model:     "claude-haiku-5-5",
//		MaxTokens: 1024,
//		Messages:  []claude.MessageParam{claude.UserText("Hello!")},
//	})
//
// Parameters are anything that encoding/json makes an object of; a [json.RawMessage] is sent byte for byte. Nothing is
// retried, and nothing is read from the environment or from files, except by the functions whose names say so.
//
// A client is driven by one goroutine that waits in Go's network poller: thousands of streams need no thread each.
package claude
