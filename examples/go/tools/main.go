// Lets the model run functions of this program.
package main

import (
	"context"
	"fmt"
	"os"

	"libclaude/claude"
)

// place is what the tool takes: its schema is made of the tags.
type place struct {
	City string `json:"city" jsonschema:"description=Name of the city"`
	Unit string `json:"unit,omitempty" jsonschema:"enum=celsius,enum=fahrenheit"`
}

type report struct {
	Degrees float64 `json:"degrees"`
	Sky     string  `json:"sky"`
}

func weather(_ context.Context, where place) (any, error) {
	if where.City == "Atlantis" {
		return nil, fmt.Errorf("there is no weather in %s", where.City) // the model is told, and can go on from it
	}
	return report{Degrees: 21.5, Sky: "clear"}, nil
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	client, err := claude.FromEnv()
	if err != nil {
		return err
	}
	defer client.Close()
	runner, err := client.Messages.NewToolRunner(claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 1024,
		Messages:  []claude.MessageParam{claude.UserText("What is the weather in Paris, and in Rome?")},
	}, []claude.Tool{
		claude.NewTool("weather", "Tells the weather of a city.", weather),
	})
	if err != nil {
		return err
	}
	defer runner.Close()
	runner.SetParallel(true)
	for runner.Next(ctx) {
		for _, use := range runner.Message().ToolUses() {
			fmt.Printf("%s(%s)\n", use.Name, use.Input)
		}
		fmt.Println(runner.Message().Text())
	}
	return runner.Err()
}
