package claude_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

func TestPages(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	var answer *claude.Response
	whole, err := client.Models.List(background, nil, claude.WithResponseInto(&answer))
	if err != nil || len(whole.Data) < 3 || answer != whole.Response {
		t.Fatalf("%+v, %v", whole, err)
	}
	var ids []string
	models := client.Models.ListAutoPaging(background, map[string]int{"limit": 2})
	for models.Next() {
		ids = append(ids, models.Current().ID)
	}
	if models.Err() != nil || models.Next() || models.Current().ID != "" {
		t.Errorf("after the end: %v", models.Err())
	}
	var want []string
	for _, model := range whole.Data {
		want = append(want, model.ID)
	}
	equal(t, "models", ids, want)
	equal(t, "requests", len(server.requests()), 1+(len(want)+1)/2)
	last, err := whole.Next(background)
	if last != nil || err != nil {
		t.Errorf("after the last page: %v, %v", last, err)
	}
	_, err = whole.Previous(background)
	wantInvalid(t, err, "before_id")
}

func TestPagesOfAnyList(t *testing.T) {
	client := startSandbox(t).client()
	request := claude.Request{Endpoint: "beta.sessions.list", Query: map[string]any{"limit": 10}}
	first, err := claude.List[json.RawMessage](background, client, request)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Next(background)
	if err != nil {
		t.Fatal(err)
	}
	back, err := second.Previous(background)
	if err != nil || back.RawJSON() != first.RawJSON() || second.RawJSON() == first.RawJSON() {
		t.Errorf("back: %v, %v", back, err)
	}
	count := 0
	agents := claude.ListAutoPaging[struct{ ID string }](background, client, claude.Request{Endpoint: "beta.agents.list",
		Query: map[string]any{"limit": 10}})
	for agents.Next() {
		if agents.Current().ID == "" {
			t.Errorf("agent %d has no id", count)
		}
		count++
	}
	if agents.Err() != nil || count != 25 { // one page of them is empty
		t.Errorf("%d agents, %v", count, agents.Err())
	}
	_, err = claude.List[json.RawMessage](background, client, claude.Request{Endpoint: "models.lost"})
	wantInvalid(t, err, "models.lost")
	_, err = claude.List[json.RawMessage](background, nil, request)
	wantInvalid(t, err, "NewClient")
	answer, err := claude.List[json.RawMessage](background, client, claude.Request{Endpoint: "messages.create", Body: params("Hi")})
	if err == nil {
		_, err = answer.Next(background)
	}
	wantInvalid(t, err, "no list")
}

func TestPagesThatFail(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	circle := `{"body_json": {"data": [{"id": "a"}], "has_more": true, "last_id": "a", "first_id": "a"}}`
	server.use(circle)
	models := client.Models.ListAutoPaging(background, nil)
	count := 0
	for models.Next() {
		if count++; count > 10 {
			t.Fatal("it goes on for ever")
		}
	}
	wantCode(t, models.Err(), claude.CodeProtocol)
	server.use(`{"sequence": [` + circle + `, {"status": 529}]}`)
	models = client.Models.ListAutoPaging(background, nil)
	equal(t, "the first", models.Next(), true)
	equal(t, "the second", models.Next(), false)
	wantCode(t, models.Err(), claude.CodeOverloaded)
	server.use(`{"body_json": {"data": 7}}`)
	_, err := client.Models.List(background, nil)
	wantCode(t, err, claude.CodeProtocol)
	ctx, cancel := context.WithCancel(background)
	cancel()
	if _, err = client.Models.List(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestModels(t *testing.T) {
	client := startSandbox(t).client()
	page, err := client.Models.List(background, nil)
	if err != nil {
		t.Fatal(err)
	}
	model, err := client.Models.Get(background, page.Data[0].ID)
	if err != nil || model.RawJSON() != page.Data[0].RawJSON() || model.DisplayName == "" || model.MaxInputTokens == 0 {
		t.Fatalf("%+v, %v", model, err)
	}
	if can, known := model.Supports("image_input"); !can || !known {
		t.Errorf("images: %v, %v", can, known)
	}
	if _, known := model.Supports("telepathy"); known {
		t.Error("telepathy is known")
	}
	if err = model.CheckContext(10, 10); err != nil {
		t.Error(err)
	}
	wantInvalid(t, model.CheckContext(model.MaxInputTokens, 100))
	for i := range page.Data {
		days, known := page.Data[i].DaysLeft(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
		if retires := page.Data[i].RetiresAt; known == retires.IsZero() || known && days < 1000 {
			t.Errorf("%s: %d days, %v, retires at %v", page.Data[i].ID, days, known, retires)
		}
	}
	id, err := client.Models.Choose(background, []string{"no-such-model", page.Data[len(page.Data)-1].ID, model.ID})
	if err != nil || id != page.Data[len(page.Data)-1].ID {
		t.Errorf("%q, %v", id, err)
	}
	_, err = client.Models.Choose(background, []string{"no-such-model"})
	wantCode(t, err, claude.CodeNotFound)
}

const table = `{"percent": {"service_tier": {"batch": 50}}, "models": [{"id": "m-1", "aliases": ["m"], "display_name": "M", "lifecycle": "deprecated",
	"retires_at": "2027-01-01", "context_window": 1000, "prices": [{"input": 2, "output": 10, "cache_read": 1}]}]}`

func TestModelTable(t *testing.T) {
	for _, builtin := range []*claude.ModelTable{nil, claude.BuiltinModels, {}} {
		if ids := builtin.IDs(); len(ids) < 5 || builtin.Find("us.anthropic."+ids[0]+"-v1:0") != ids[0] {
			t.Errorf("%v", ids)
		}
	}
	mine, err := claude.LoadModels([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "ids", mine.IDs(), []string{"m-1"})
	equal(t, "found", mine.Find("m"), "m-1")
	equal(t, "name", mine.Text("m", "display_name"), "M")
	equal(t, "nothing", mine.Text("m", "hat size")+mine.Find("n")+mine.Find("a\x00")+mine.Deprecation("m", "thinking/enabled"), "")
	if window, known := mine.Int("m", "context_window"); window != 1000 || !known {
		t.Errorf("%d, %v", window, known)
	}
	if days, known := mine.DaysLeft("m", time.Date(2026, 12, 31, 12, 0, 0, 0, time.UTC)); days != 1 || !known {
		t.Errorf("%d days, %v", days, known)
	}
	if _, known := mine.DaysLeft("n", time.Now()); known {
		t.Error("the days of a model that is not there")
	}
	if notice := mine.Deprecation("m", ""); !strings.Contains(notice, "2027") {
		t.Errorf("%q", notice)
	}
	wantInvalid(t, mine.CheckContext("m", 900, 101), "1000")
	equal(t, "fits", mine.CheckContext("m", 900, 100), nil)
	if !json.Valid([]byte(mine.JSON())) {
		t.Error(mine.JSON())
	}
	_, err = claude.LoadModels([]byte(`{"models": [{"id": ""}]}`))
	wantInvalid(t, err, "id")
}

func TestCosts(t *testing.T) {
	client := startSandbox(t).client()
	mine, err := claude.LoadModels([]byte(table))
	if err != nil {
		t.Fatal(err)
	}
	asked := params("Hello")
	asked.Model = "m-1"
	message, err := client.Messages.New(background, asked)
	if err != nil {
		t.Fatal(err)
	}
	usage := message.Usage()
	cost, err := mine.CostOf(message, "")
	if err != nil || int64(cost) != usage.InputTokens*2000+usage.OutputTokens*10000 {
		t.Errorf("%v, %v of %+v", cost, err, usage)
	}
	part, err := mine.CostOf(message, "output")
	if err != nil || int64(part) != usage.OutputTokens*10000 {
		t.Errorf("%v, %v", part, err)
	}
	half, err := mine.CostInBatch(message, "output")
	if err != nil || half != part/2 {
		t.Errorf("%v, %v in a batch, %v else", half, err, part)
	}
	if _, err = mine.CostInBatch(message, "bread"); err == nil {
		t.Error("the price of bread")
	}
	batch, err := claude.BuiltinModels.CostInBatch(message, "")
	wantInvalid(t, err, "m-1")
	equal(t, "no cost", int64(batch), 0)
	estimate, err := mine.Estimate("m", 1000000, 100000)
	equal(t, "estimate", []any{estimate, err, estimate.Dollars()}, []any{"$3.00", nil, 3.0})
	equal(t, "small", claude.Cost(1234567), "$0.001234567")
	_, err = mine.Estimate("m", -1, 1)
	wantInvalid(t, err)
	_, err = mine.CostOf(nil, "")
	wantInvalid(t, err)
}
