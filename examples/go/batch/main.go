// Answers many questions at half the price: as a batch, whose results come within a day, often within minutes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"libclaude/claude"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Ctrl-C ends the waiting, not the batch
	defer stop()
	client, err := claude.FromEnv()
	if err != nil {
		return err
	}
	defer client.Close()
	var requests []claude.BatchRequest
	for i := 1; i <= 3; i++ {
		requests = append(requests, claude.BatchRequest{
			CustomID: fmt.Sprintf("question-%d", i),
			Params: claude.MessageParams{
				Model:     "claude-haiku-5-5",
				MaxTokens: 256,
				Messages:  []claude.MessageParam{claude.UserText(fmt.Sprintf("What is %d squared?", i))},
			},
		})
	}
	batch, err := client.Messages.Batches.New(ctx, requests)
	if err != nil {
		return err
	}
	fmt.Println("made", batch.ID)
	batch, err = client.Messages.Batches.Wait(ctx, batch.ID, claude.BatchWait{Progress: func(batch *claude.Batch) error {
		fmt.Printf("%s, %d to go\n", batch.ProcessingStatus, batch.RequestCounts.Processing)
		return nil
	}})
	if err != nil {
		return err
	}
	return show(client.Messages.Batches.Results(ctx, batch.ID))
}

func show(results *claude.BatchResults) error {
	defer results.Close()
	var total claude.Cost
	for results.Next() {
		result := results.Result()
		if result.Err != nil {
			fmt.Printf("%s: %v\n", result.CustomID, result.Err)
			continue
		}
		fmt.Printf("%s: %s\n", result.CustomID, result.Message.Text())
		if cost, err := claude.BuiltinModels.CostInBatch(result.Message, ""); err == nil {
			total += cost
		}
	}
	fmt.Println("cost", total)
	return results.Err()
}
