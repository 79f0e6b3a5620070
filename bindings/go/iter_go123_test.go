//go:build go1.23

package claude_test

import (
	"context"
	"strings"
	"testing"

	"libclaude/claude"
)

func init() {
	ways["ranged over"] = way{true, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		request, ok := s.request(test, true)
		if !ok {
			return
		}
		stream := client.Stream(background, request, append(options, s.asked(test)...)...)
		for event, err := range stream.All() {
			if err != nil {
				s.err = err
				return
			}
			s.events = append(s.events, event)
		}
		s.message, s.err = stream.Message()
	}}
}

func TestRanges(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	var whole, single []string
	page, err := client.Models.List(background, map[string]int{"limit": 2})
	if err != nil {
		t.Fatal(err)
	}
	for page, err := range page.Pages(background) {
		if err != nil {
			t.Fatal(err)
		}
		for _, model := range page.Data {
			whole = append(whole, model.ID)
		}
	}
	for model, err := range client.Models.ListAutoPaging(background, map[string]int{"limit": 3}).All() {
		if err != nil {
			t.Fatal(err)
		}
		single = append(single, model.ID)
	}
	if len(whole) < 3 {
		t.Errorf("%v", whole)
	}
	equal(t, "models", single, whole)
	before := len(server.requests())
	for range client.Models.ListAutoPaging(background, map[string]int{"limit": 1}).All() {
		break
	}
	equal(t, "requests of a range that was left", len(server.requests()), before+1)

	ctx, cancel := context.WithCancel(background)
	cancel()
	count := 0
	for _, err := range client.Models.ListAutoPaging(ctx, nil).All() {
		wantCode(t, err, claude.CodeCanceled)
		count++
	}
	for page, err := range page.Pages(ctx) {
		if page == nil {
			wantCode(t, err, claude.CodeCanceled)
			count++
		}
	}
	equal(t, "errors", count, 2)
}

func TestRangesOfBatchesAndRunners(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	server.use(`{"generate_lines": {"lines": 5, "line_bytes": 500}}`)
	count := 0
	for result, err := range client.Messages.Batches.Results(background, "b").All() {
		if err != nil || result.Message == nil {
			t.Fatal(err)
		}
		count++
	}
	equal(t, "results", count, 5)
	left := client.Messages.Batches.Results(background, "b")
	for range left.All() {
		break
	}
	equal(t, "no error of results that were left", left.Err(), nil)
	server.use(`{"status": 404}`)
	for _, err := range client.Messages.Batches.Results(background, "b").All() {
		wantCode(t, err, claude.CodeNotFound)
		count++
	}
	equal(t, "errors", count, 6)

	server.use(asking(`a {}`))
	tool := claude.NewTool("a", "", func(context.Context, struct{}) (any, error) { return "b", nil })
	runner, err := client.Messages.NewToolRunner(params("Hello"), []claude.Tool{tool})
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	var texts []string
	for message, err := range runner.All(background) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, message.StopReason()+message.Text())
	}
	equal(t, "messages", strings.Join(texts, " "), "tool_use end_turnDone.")
	runner.Close()
	for _, err := range runner.All(background) {
		wantCode(t, err, claude.CodeState)
		count++
	}
	equal(t, "errors", count, 7)
}
