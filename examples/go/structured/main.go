// Has the model answer with JSON that fits a struct.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"libclaude/claude"
)

type city struct {
	Name       string   `json:"name"`
	Population int      `json:"population" jsonschema:"minimum=0"`
	Continent  string   `json:"continent" jsonschema:"enum=Africa,enum=America,enum=Asia,enum=Europe,enum=Oceania"`
	Rivers     []string `json:"rivers" jsonschema_description:"Those that run through it, if there are any"`
}

func main() {
	client, err := claude.FromEnv()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	found, message, err := claude.NewParsed[city](context.Background(), client, claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 1024,
		Messages:  []claude.MessageParam{claude.UserText("The largest city of Norway?")},
	})
	switch {
	case errors.Is(err, claude.CodeTruncated):
		fmt.Fprintln(os.Stderr, "the answer needs more tokens:", message.RawJSON())
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, err) // a refusal, or an answer that does not fit
		os.Exit(1)
	}
	fmt.Printf("%s in %s, %d people, rivers %v\n", found.Name, found.Continent, found.Population, found.Rivers)
}
