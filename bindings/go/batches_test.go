package claude_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

func TestBatches(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	batch, err := client.Messages.Batches.New(background, []claude.BatchRequest{
		{"one", params("One")}, {"errored-two", params("Two")}, {"canceled-three", params("Three")},
		{"expired-four", json.RawMessage(`{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Four"}]}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "batch", []any{batch.Type, batch.ProcessingStatus, batch.RequestCounts.Processing, batch.CreatedAt.IsZero()},
		[]any{"message_batch", "in_progress", 4, false})
	early := client.Messages.Batches.ResultsOf(background, batch)
	equal(t, "early results", early.Next(), false)
	wantCode(t, early.Err(), claude.CodeState)
	var progress []string
	batch, err = client.Messages.Batches.Wait(background, batch.ID, claude.BatchWait{First: time.Millisecond,
		Progress: func(batch *claude.Batch) error {
			progress = append(progress, batch.ProcessingStatus)
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "progress", progress, []string{"in_progress", "ended"})
	for name, results := range map[string]*claude.BatchResults{
		"by id": client.Messages.Batches.Results(background, batch.ID), "by URL": client.Messages.Batches.ResultsOf(background, batch),
	} {
		t.Run(name, func(t *testing.T) { checkResults(t, results) })
	}
	page, err := client.Messages.Batches.List(background, nil)
	if err != nil || len(page.Data) != 1 || page.Data[0].ID != batch.ID {
		t.Errorf("%+v, %v", page, err)
	}
	deleted, err := client.Messages.Batches.Delete(background, batch.ID)
	if err != nil || deleted.Type != "message_batch_deleted" {
		t.Errorf("%+v, %v", deleted, err)
	}
	results := client.Messages.Batches.Results(background, batch.ID)
	equal(t, "results", results.Next(), false)
	wantCode(t, results.Err(), claude.CodeNotFound)
}

func checkResults(t *testing.T, results *claude.BatchResults) {
	defer results.Close()
	var seen []string
	for results.Next() {
		result := results.Result()
		text := ""
		if result.Message != nil {
			text = result.Message.Text()
		}
		if !strings.Contains(result.RawJSON(), result.CustomID) {
			t.Errorf("%s of %s", result.CustomID, result.RawJSON())
		}
		var failed *claude.Error
		if errors.As(result.Err, &failed) {
			text = failed.Code.String()
		}
		seen = append(seen, fmt.Sprint(result.CustomID, " ", result.Type, " ", text))
	}
	sort.Strings(seen)
	equal(t, "results", strings.Join(seen, "\n"), "canceled-three 3 CLAUDE_E_CANCELED\nerrored-two 2 CLAUDE_E_BAD_REQUEST\n"+
		"expired-four 4 CLAUDE_E_API_TIMEOUT\none 1 Echo: One")
	if err := results.Err(); err != nil {
		t.Error(err)
	}
}

func TestBatchOfFile(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	line := `{"custom_id": "c%d", "params": {"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}}` + "\n"
	file, err := claude.OpenFile(newFile(t, "lines.jsonl", fmt.Sprintf(line+line, 1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	batch, err := client.Messages.Batches.NewFromFile(background, file)
	if err != nil || batch.RequestCounts.Processing != 2 {
		t.Fatalf("%+v, %v", batch, err)
	}
	if batch, err = client.Messages.Batches.Cancel(background, batch.ID); err != nil || batch.ProcessingStatus != "canceling" {
		t.Fatalf("%+v, %v", batch, err)
	}
	if file, err = claude.FileOfBytes([]byte(fmt.Sprintf(line+line, 1, 1)), ""); err != nil {
		t.Fatal(err)
	}
	_, err = client.Messages.Batches.NewFromFile(background, file)
	wantInvalid(t, err, "line 2", "c1")
}

func TestFilesInBatches(t *testing.T) {
	server := startSandbox(t)
	image, err := claude.ImagePath(newFile(t, "dot.png", png))
	if err != nil {
		t.Fatal(err)
	}
	talk := params("")
	talk.Messages = []claude.MessageParam{claude.UserMessage(image, claude.Text("What?"))}
	if _, err = server.client().Messages.Batches.New(background, []claude.BatchRequest{{"a", talk}}); err != nil {
		t.Fatal(err)
	}
	if sent := server.requests()[0].Body; !strings.Contains(sent, `"data":"iVBORw0KGgo`) {
		t.Errorf("sent %s", sent)
	}
}

func TestBadBatches(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	for named, requests := range map[string][]claude.BatchRequest{
		"custom_id": {{"a b", params("Hi")}},
		"twice":     {{"twice", params("Hi")}, {"twice", params("Hi")}},
		"NUL":       {{"a\x00", params("Hi")}},
		"object":    {{"a", nil}},
		"batch":     nil,
	} {
		_, err := client.Messages.Batches.New(background, requests)
		wantInvalid(t, err, named)
	}
	equal(t, "requests", len(server.requests()), 0)
	server.use(`{"body": "{\"custom_id\": \"a\", \"result\": {\"type\": \"canceled\"}}\nno JSON\n",
		"headers": [["content-type", "application/x-jsonl"]]}`)
	results := client.Messages.Batches.Results(background, "b")
	defer results.Close()
	equal(t, "the good line", results.Next(), true)
	equal(t, "the bad line", results.Next(), false)
	equal(t, "after it", results.Next(), false)
	wantCode(t, results.Err(), claude.CodeProtocol)
}

// Lines of any length, one after the other, with no more memory than a few of them.
func TestManyResults(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	client := server.client()
	server.use(`{"generate_lines": {"lines": 20000, "line_bytes": 3000}}`)
	before := resident(t)
	results := client.Messages.Batches.Results(background, "b")
	defer results.Close()
	count := 0
	for results.Next() {
		if result := results.Result(); result.Type != claude.BatchSucceeded || result.Message == nil {
			t.Fatalf("%+v", result)
		}
		count++
	}
	if grown := resident(t) - before; results.Err() != nil || count != 20000 || grown > 30<<20 {
		t.Errorf("%d results of 60 MB with %d MiB more, %v", count, grown>>20, results.Err())
	}
	server.use(`{"generate_lines": {"lines": 2, "line_bytes": 4000000}}`)
	long := client.Messages.Batches.Results(background, "b")
	defer long.Close()
	for count = 0; long.Next(); count++ {
		equal(t, "length", len(long.Result().RawJSON()), 3999999)
	}
	if long.Err() != nil || count != 2 {
		t.Errorf("%d long lines, %v", count, long.Err())
	}
}

func TestWaitEnds(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	server.use(`{"body_json": {"id": "b", "type": "message_batch", "processing_status": "in_progress"}}`)
	ctx, cancel := context.WithCancel(background)
	batch, err := client.Messages.Batches.Wait(ctx, "b", claude.BatchWait{First: time.Hour, Max: time.Hour, Progress: func(*claude.Batch) error {
		cancel()
		return nil
	}})
	if !errors.Is(err, context.Canceled) || batch != nil {
		t.Errorf("%v, %v", batch, err)
	}
	_, err = client.Messages.Batches.Wait(background, "b", claude.BatchWait{Progress: func(*claude.Batch) error {
		return errors.New("enough")
	}})
	if err == nil || err.Error() != "enough" {
		t.Errorf("the error of the progress: %v", err)
	}
	equal(t, "requests", len(server.requests()), 2)
}
