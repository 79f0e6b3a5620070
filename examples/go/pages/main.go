// Lists what there is: models page by page, and what they can take; then asks the best that is available.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"libclaude/claude"
)

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
	models := client.Models.ListAutoPaging(ctx, map[string]any{"limit": 5})
	for models.Next() {
		model := models.Current()
		images, _ := model.Supports("image_input")
		fmt.Printf("%s: %d tokens, images: %v", model.ID, model.MaxInputTokens, images)
		if days, known := model.DaysLeft(time.Now()); known {
			fmt.Printf(", %d days left", days)
		}
		fmt.Println()
	}
	if err := models.Err(); err != nil {
		return err
	}
	best, err := client.Models.Choose(ctx, []string{"claude-opus-5-5", "claude-opus-5", "claude-haiku-5-5"})
	if err != nil {
		return err
	}
	message, err := client.Messages.New(ctx, claude.MessageParams{
		Model:     best,
		MaxTokens: 256,
		Messages:  []claude.MessageParam{claude.UserText("Which model are you?")},
	})
	if err != nil {
		return err
	}
	cost, err := claude.BuiltinModels.CostOf(message, "")
	if err != nil {
		return err
	}
	fmt.Println(message.Text(), cost)
	return nil
}
