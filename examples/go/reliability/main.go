// Asks a question with retries, a circuit breaker and a limit of two requests a second, and says what happened on the way:
// go run ./reliability "What is a monad?"
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"libclaude/claude"
)

const options = `{
	"retry": {"enabled": true, "max_retries": 4},
	"breaker": {"enabled": true},
	"limiter": {"enabled": true, "requests_per_second": 2, "burst": 1},
	"metrics": {"enabled": true}
}`

func main() {
	question := "Hello!"
	if len(os.Args) > 1 {
		question = strings.Join(os.Args[1:], " ")
	}
	if err := ask(question); err != nil {
		var failed *claude.Error
		if errors.As(err, &failed) && failed.Report != nil {
			tell(failed.Report)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(question string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // Ctrl-C ends every wait
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client, err := claude.FromEnv(claude.WithConfigJSON(options), claude.WithAttemptObserver(observe))
	if err != nil {
		return err
	}
	defer client.Close()
	message, err := client.Messages.New(ctx, claude.MessageParams{
		Model:     "claude-haiku-5-5",
		MaxTokens: 1024,
		Messages:  []claude.MessageParam{claude.UserText(question)},
	}, claude.WithEnterpriseFeatures())
	if err != nil {
		return err
	}
	fmt.Println(message.Text())
	tell(message.Report())
	metrics, err := client.Metrics()
	if err != nil {
		return err
	}
	fmt.Printf("%d tokens\n", metrics.Value("output_tokens"))
	return nil
}

// observe hears of each attempt while the call is still running.
func observe(_ context.Context, attempt *claude.Attempt) func(claude.AttemptResult) {
	return func(result claude.AttemptResult) {
		fmt.Printf("attempt %d: HTTP %d after %v\n", attempt.Number, result.HTTPStatus, result.Duration)
	}
}

func tell(report *claude.Report) {
	fmt.Printf("%d retries, %v of waiting, breaker %v", report.Retries, report.Backoff+report.LimiterWait, report.BreakerState)
	if report.StoppedBy != "" {
		fmt.Printf("; no more because of %s", report.StoppedBy)
	}
	fmt.Println()
}
