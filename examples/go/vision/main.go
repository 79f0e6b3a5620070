// Asks about a picture or a document: go run ./vision FILE. It is read while it is sent, and never held in memory.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"libclaude/claude"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vision FILE")
		os.Exit(2)
	}
	if err := ask(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(path string) error {
	client, err := claude.FromEnv()
	if err != nil {
		return err
	}
	defer client.Close()
	file, err := claude.OpenFile(path)
	if err != nil {
		return err
	}
	block := claude.DocumentFile
	if strings.HasPrefix(file.MediaType(), "image/") {
		block = claude.ImageFile
	}
	content, err := block(file)
	if err != nil {
		return err
	}
	params := claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 1024,
		Messages:  []claude.MessageParam{claude.UserMessage(content, claude.Text("What is this?"))},
	}
	problems, err := client.Messages.Validate(params) // nothing is sent yet
	if err != nil {
		return err
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem.Message)
	}
	message, err := client.Messages.New(context.Background(), params)
	if err != nil {
		return err
	}
	fmt.Println(message.Text())
	return nil
}
