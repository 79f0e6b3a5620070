package claude_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"libclaude/claude"
)

type weatherInput struct {
	City string `json:"city" jsonschema_description:"Where, in one word"`
	Unit string `json:"unit,omitempty" jsonschema:"enum=celsius,enum=fahrenheit"`
}

// asking is a scenario: first the tools are asked for, then comes an answer.
func asking(calls ...string) string {
	return sequence(asks(calls...), `{"body_json": {"type": "message", "role": "assistant", "stop_reason": "end_turn",
		"content": [{"type": "text", "text": "Done."}]}}`)
}

// asks is a reply that asks for tools.
func asks(calls ...string) string {
	var blocks []string
	for i, call := range calls {
		name, input, _ := strings.Cut(call, " ")
		blocks = append(blocks, fmt.Sprintf(`{"type": "tool_use", "id": "toolu_%d", "name": %q, "input": %s}`, i, name, input))
	}
	return `{"body_json": {"type": "message", "role": "assistant", "stop_reason": "tool_use", "content": [` +
		strings.Join(blocks, ",") + `]}}`
}

// results are the tool results that were sent, as JSON.
func results(t *testing.T, sent received) []map[string]any {
	t.Helper()
	var body struct{ Messages []struct{ Content any } }
	if err := json.Unmarshal([]byte(sent.Body), &body); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for _, block := range body.Messages[len(body.Messages)-1].Content.([]any) {
		all = append(all, block.(map[string]any))
	}
	return all
}

func TestToolRunner(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	server.use(asking(`weather {"city": "Paris"}`, `weather {"city": "Rome", "unit": "kelvin"}`, `broken {}`, `picture {}`,
		`numbers {"a": 1}`, `nothing {}`, `unknown {}`))
	image, err := claude.ImagePath(newFile(t, "dot.png", png))
	if err != nil {
		t.Fatal(err)
	}
	tools := []claude.Tool{
		claude.NewTool("weather", "The weather of a city.", func(_ context.Context, in weatherInput) (any, error) {
			return "Rain in " + in.City, nil
		}),
		claude.NewTool("broken", "Fails.", func(context.Context, struct{}) (any, error) { return nil, errors.New("no \xff") }),
		claude.NewTool("picture", "A picture.", func(context.Context, struct{}) (any, error) { return image, nil }),
		claude.RawTool(json.RawMessage(`{"name":"numbers","input_schema":{"type":"object"}}`),
			func(_ context.Context, input json.RawMessage) (any, error) { return []json.RawMessage{input}, nil }),
		claude.NewTool("nothing", "Nothing.", func(context.Context, struct{}) (any, error) { return nil, nil }),
	}
	runner, err := client.Messages.NewToolRunner(params("Weather?"), tools)
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	var seen []string
	for runner.Next(background) {
		seen = append(seen, runner.Message().StopReason())
	}
	if runner.Err() != nil || runner.Next(background) || runner.Err() != nil {
		t.Fatal(runner.Err())
	}
	equal(t, "messages", seen, []string{"tool_use", "end_turn"})
	sent := server.requests()
	var first struct{ Tools []map[string]any }
	if err := json.Unmarshal([]byte(sent[0].Body), &first); err != nil || len(first.Tools) != 5 {
		t.Fatalf("%v, %v", first, err)
	}
	got, _ := json.Marshal(first.Tools[0]["input_schema"])
	equal(t, "schema", string(got), `{"properties":{"city":{"description":"Where, in one word","type":"string"},`+
		`"unit":{"enum":["celsius","fahrenheit"],"type":"string"}},"required":["city"],"type":"object"}`)
	all := results(t, sent[1])
	equal(t, "results", len(all), 7)
	for i, want := range []string{"Rain in Paris", "/unit", "no \ufffd", "iVBORw0KGgo", `[{"a":1}]`, "", "unknown"} {
		text, _ := json.Marshal(all[i]["content"])
		quoted, _ := json.Marshal(want)
		if !strings.Contains(string(text), strings.Trim(string(quoted), `"`)) || all[i]["tool_use_id"] != fmt.Sprintf("toolu_%d", i) {
			t.Errorf("result %d is %v, want %s", i, all[i], want)
		}
		isError := i == 1 || i == 2 || i == 6
		if (all[i]["is_error"] == true) != isError {
			t.Errorf("result %d is_error: %v", i, all[i])
		}
	}
	conversation, err := runner.Conversation()
	if err != nil || !strings.Contains(string(conversation), "Done.") {
		t.Errorf("%s, %v", conversation, err)
	}
	if err = runner.Add(claude.UserText("And now?")); err != nil {
		t.Fatal(err)
	}
	message, err := runner.Run(background)
	if err != nil || message.Text() != "Done." {
		t.Errorf("%v, %v", message, err)
	}
	if last := server.requests()[2].Body; !strings.Contains(last, "And now?") || !strings.Contains(last, "Rain in Paris") {
		t.Errorf("sent %s", last)
	}
}

// Tools that wait for each other end only if they run at once.
func TestParallelTools(t *testing.T) {
	server := startSandbox(t)
	server.use(asking(`meet {"n": 1}`, `meet {"n": 2}`, `meet {"n": 3}`))
	var there sync.WaitGroup
	there.Add(3)
	meet := claude.NewTool("meet", "", func(_ context.Context, in struct {
		N int `json:"n"`
	}) (any, error) {
		there.Done()
		there.Wait()
		return in.N, nil
	})
	runner, err := server.client().Messages.NewToolRunner(params("Meet!"), []claude.Tool{meet})
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	runner.SetParallel(true)
	if _, err = runner.Run(background); err != nil {
		t.Fatal(err)
	}
	for i, result := range results(t, server.requests()[1]) {
		equal(t, "result", result["content"], i+1)
	}
}

func TestStreamedTools(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	var kinds []claude.EventKind
	text := ""
	runner, err := client.Messages.NewToolRunnerStreaming(params("Hello"), nil, func(event claude.Event) {
		kinds = append(kinds, event.Kind)
		if event.Kind == claude.EventTextDelta {
			text += event.Text
		}
		if event.RawJSON() == "" || event.Type() == "" {
			t.Errorf("%+v", event)
		}
	}, scenario("text"))
	if err != nil {
		t.Fatal(err)
	}
	message, err := runner.Run(background)
	if err != nil || message.Text() != text || text != "Hello, world!" {
		t.Errorf("%v, %v, %q", message, err, text)
	}
	equal(t, "last kind", kinds[len(kinds)-1], claude.EventMessageStop)
	equal(t, "close", runner.Close(), nil)
	equal(t, "close again", runner.Close(), nil)
	equal(t, "next", runner.Next(background), false)
	wantCode(t, runner.Err(), claude.CodeState)
}

func TestRunnerEnds(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	ctx, cancel := context.WithCancel(background)
	count := 0
	tool := claude.NewTool("wait", "", func(ctx context.Context, _ struct{}) (any, error) {
		if count++; count == 1 {
			cancel()
			return nil, ctx.Err()
		}
		return "now", nil
	})
	server.use(asking(`wait {}`))
	runner, err := client.Messages.NewToolRunner(params("Wait!"), []claude.Tool{tool})
	if err != nil {
		t.Fatal(err)
	}
	defer runner.Close()
	if message, err := runner.Run(ctx); !errors.Is(err, context.Canceled) || message.StopReason() != "tool_use" {
		t.Errorf("%v, %v", message, err)
	}
	// The tool that was interrupted runs again.
	if message, err := runner.Run(background); err != nil || message.Text() != "Done." {
		t.Errorf("%v, %v", message, err)
	}
	equal(t, "result", results(t, server.requests()[1])[0]["content"], "now")

	server.use(asking(`wait {}`))
	limited, err := client.Messages.NewToolRunner(params("Wait!"), []claude.Tool{tool})
	if err != nil {
		t.Fatal(err)
	}
	defer limited.Close()
	equal(t, "limit", limited.SetMaxTurns(1), nil)
	_, err = limited.Run(background)
	wantCode(t, err, claude.CodeLimit)
	wantInvalid(t, limited.SetMaxTurns(-1))

	stalled, err := client.Messages.NewToolRunner(params("Hello"), nil, scenario("stall"))
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	short, stop := context.WithTimeout(background, 30*time.Millisecond)
	defer stop()
	equal(t, "next", stalled.Next(short), false)
	wantCode(t, stalled.Err(), claude.CodeTimeout)
	client.Close()
	equal(t, "next of a closed client", stalled.Next(background), false)
	wantCode(t, stalled.Err(), claude.CodeCanceled)
	_, err = client.Messages.NewToolRunner(params("Hello"), nil)
	wantCode(t, err, claude.CodeState)
}

func TestBadTools(t *testing.T) {
	client := startSandbox(t).client()
	none := func(context.Context, json.RawMessage) (any, error) { return nil, nil }
	for named, tools := range map[string][]claude.Tool{
		"RawTool":  {{}},
		"chan int": {claude.NewTool("a", "", func(context.Context, struct{ C chan int }) (any, error) { return nil, nil })},
		"function": {claude.RawTool(map[string]any{"name": "a"}, nil)},
		"name":     {claude.RawTool(map[string]any{}, none)},
		"twice":    {claude.RawTool(map[string]any{"name": "twice"}, none), claude.RawTool(map[string]any{"name": "twice"}, none)},
		"UTF-8":    {claude.RawTool(map[string]any{"name": "\xff"}, none)},
	} {
		runner, err := client.Messages.NewToolRunner(params("Hello"), tools)
		wantInvalid(t, err, named)
		if runner != nil {
			t.Error("there is a runner all the same")
		}
	}
	_, err := client.Messages.NewToolRunner(nil, nil)
	wantInvalid(t, err, "object")
	_, err = client.Messages.NewToolRunnerStreaming(params("Hello"), nil, nil)
	wantInvalid(t, err, "nil")
	runner, err := client.Messages.NewToolRunner(params("Hello"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var no context.Context
	equal(t, "next without a context", runner.Next(no), false)
	wantInvalid(t, runner.Err(), "context")
	_, err = (&claude.Client{}).Messages.NewToolRunner(params("Hello"), nil)
	wantInvalid(t, err, "NewClient")
}

func TestValidate(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	problems, err := client.Messages.Validate(params("Hello"))
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	wrong := params("Hello")
	wrong.Tools = []map[string]any{{"name": "get weather", "input_schema": map[string]any{"type": "object"}}}
	wrong.MaxTokens = -1
	problems, err = client.Messages.Validate(wrong)
	if err != nil || len(problems) < 2 {
		t.Fatalf("%v, %v", problems, err)
	}
	found := false
	for _, problem := range problems {
		if problem.Code == "tool_name_pattern" {
			found = problem.Field == "/tools/0/name" && problem.Tool == "get weather" && problem.Fix != "" &&
				problem.Constraint != "" && problem.Value != "" && strings.Contains(problem.Error(), "/tools/0/name")
		}
	}
	if !found {
		t.Errorf("%+v", problems)
	}
	long := params("Hello")
	long.MaxTokens = 128000
	whole, err := client.Messages.Validate(long)
	streamed, err2 := client.Messages.ValidateStreaming(long)
	if err != nil || err2 != nil || len(whole) != 1 || len(streamed) != 0 {
		t.Errorf("long: %v, %v, %v, %v", whole, streamed, err, err2)
	}
	_, err = client.Validate(claude.Request{Endpoint: "nothing"})
	wantInvalid(t, err, "nothing")
	client.Close()
	_, err = client.Messages.Validate(params("Hello"))
	wantCode(t, err, claude.CodeState)
	equal(t, "requests", len(server.requests()), 0)
}

func TestDeprecation(t *testing.T) {
	server := startSandbox(t)
	mine, err := claude.LoadModels([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	var client *claude.Client
	client = server.client(claude.WithModels(mine), claude.WithDeprecationHandler(func(model, text string) {
		heard = append(heard, model+": "+text)
		if _, err := client.Messages.New(background, params("from inside")); err != nil {
			t.Error(err)
		}
	}))
	asked := params("Hello")
	asked.Model = "m"
	for i := 0; i < 2; i++ {
		if _, err = client.Messages.New(background, asked); err != nil {
			t.Fatal(err)
		}
	}
	if len(heard) != 1 || !strings.HasPrefix(heard[0], "m: ") || !strings.Contains(heard[0], "2027") {
		t.Errorf("%q", heard)
	}
	equal(t, "requests", len(server.requests()), 3)
	_, err = claude.NewClient(claude.WithAPIKey(testKey), claude.WithDeprecationHandler(nil))
	wantInvalid(t, err, "nil")
}

func TestAnswers(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	server.use(`{"body_json": {"type": "message", "stop_reason": "refusal", "content": [],
		"stop_details": {"type": "refusal", "category": "cyber", "explanation": "No.", "recommended_model": "m"},
		"container": {"id": "c_1"}, "usage": {"input_tokens": 1, "cache_read_input_tokens": 3, "output_tokens": 0}}}`)
	message, err := client.Messages.New(background, params("Hello"))
	if err != nil {
		t.Fatal(err)
	}
	refusal := message.Refusal()
	if refusal == nil || refusal.Category != "cyber" || refusal.Explanation != "No." {
		t.Errorf("%+v", refusal)
	}
	equal(t, "container", message.ContainerID(), "c_1")
	equal(t, "ratio", message.CacheHitRatio(), 0.75)
	equal(t, "reason", message.CacheMissReason(), "")
	if message, err = client.Messages.New(background, params("Hello"), scenario("text-tool-thinking")); err != nil {
		t.Fatal(err)
	}
	if uses := message.ToolUses(); len(uses) != 1 || uses[0].Name == "" || message.Refusal() != nil {
		t.Errorf("%+v", uses)
	}
	server.use(`{"body_json": {"type": "message", "content": []}}`)
	if message, err = client.Messages.New(background, params("Hello")); err != nil {
		t.Fatal(err)
	}
	equal(t, "no ratio", message.CacheHitRatio(), -1)
}

func TestPartialJSON(t *testing.T) {
	partial, err := claude.NewPartialJSON()
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	equal(t, "nothing", partial.JSON(), "")
	for _, step := range [][2]string{{`{"city": "Par`, `{}`}, {`is", "days": 1`, `{"city": "Paris"}`}, {``, `{"city": "Paris"}`},
		{`2}`, `{"city": "Paris", "days": 12}`}} {
		if err := partial.Add(step[0]); err != nil {
			t.Fatal(err)
		}
		equal(t, "so far", partial.JSON(), step[1])
	}
	equal(t, "complete", partial.IsComplete(), true)
	wantInvalid(t, partial.Add("}"))
}
