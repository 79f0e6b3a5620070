// Asks many questions at once, each with a deadline: one goroutine each, and no thread each.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"libclaude/claude"
)

const questions = 50

func main() {
	client, err := claude.FromEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	answers := make([]string, questions)
	var all sync.WaitGroup
	for i := range answers {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			answers[i] = ask(client, fmt.Sprintf("What is %d squared?", i))
		}(i)
	}
	all.Wait()
	for i, answer := range answers {
		fmt.Printf("%d: %s\n", i, answer)
	}
}

func ask(client *claude.Client, question string) string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	message, err := client.Messages.New(ctx, claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 256,
		System:    "Answer with the number alone.",
		Messages:  []claude.MessageParam{claude.UserText(question)},
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "not within a minute"
	case errors.Is(err, claude.CodeRateLimit), errors.Is(err, claude.CodeOverloaded):
		return "the API is busy: ask again later"
	case err != nil:
		return err.Error()
	}
	return message.Text()
}
