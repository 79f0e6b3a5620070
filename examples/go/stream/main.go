// Streams a reply to the terminal: go run ./stream "What is a monad?"
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"libclaude/claude"
)

func main() {
	question := "Hello!"
	if len(os.Args) > 1 {
		question = strings.Join(os.Args[1:], " ")
	}
	if err := ask(question); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(question string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Ctrl-C ends the call
	defer stop()
	client, err := claude.FromEnv()
	if err != nil {
		return err
	}
	defer client.Close()
	stream := client.Messages.NewStreaming(ctx, claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 1024,
		Messages:  []claude.MessageParam{claude.UserText(question)},
	})
	defer stream.Close()
	for stream.Next() {
		if event := stream.Event(); event.Kind == claude.EventTextDelta {
			fmt.Print(event.Text)
		}
	}
	message, err := stream.Message()
	var failed *claude.Error
	if errors.As(err, &failed) && failed.Response != nil {
		fmt.Println()
		return fmt.Errorf("%w (request id %s)", err, failed.RequestID)
	}
	if err != nil {
		return err
	}
	fmt.Printf("\n%s, %d tokens\n", message.StopReason(), message.Usage().OutputTokens)
	return nil
}
