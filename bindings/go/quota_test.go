package claude_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

func newQuota(t *testing.T, options ...claude.Option) *claude.Quota {
	t.Helper()
	quota, err := claude.NewQuota(options...)
	if err != nil {
		t.Fatal(err)
	}
	return quota
}

func TestQuotaByHand(t *testing.T) {
	quota := newQuota(t, set("quota.daily_requests", "3"))
	equal(t, "limit", quota.Limit("", "daily_requests"), 3)
	equal(t, "no limit", []int64{quota.Remaining("", "daily_tokens"), quota.Limit("", "daily_tokens")}, []int64{-1, 0})
	equal(t, "no such names", []int64{quota.Limit("", "x"), quota.Remaining("m", "x\x00"), quota.Used("", "x")}, []int64{-1, -1, -1})
	if err := quota.LoadLimits(map[string]any{"models": map[string]any{"claude-opus-5": map[string]any{"daily_tokens": 100}}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "models", quota.Models(), []string{"claude-opus-5"})
	wantCode(t, quota.LoadLimits(map[string]any{"daily": 1}), claude.CodeInvalid)
	wantCode(t, quota.LoadLimits(nil), claude.CodeInvalid)
	if err := quota.Record("claude-opus-5", 40, 20); err != nil {
		t.Fatal(err)
	}
	err := quota.Record("claude-opus-5", 41, 0)
	wantCode(t, err, claude.CodeQuota)
	var failed *claude.Error
	if !errors.As(err, &failed) || failed.Quota == nil {
		t.Fatalf("no figures: %v", err)
	}
	figures := *failed.Quota
	equal(t, "figures", []int64{figures.Limit, figures.Used, figures.Reserved, figures.Needed}, []int64{100, 60, 0, 41})
	if !figures.PerModel || failed.ErrorCode != "daily_tokens" || !figures.ResetAt.Equal(quota.ResetAt("daily")) ||
		time.Until(figures.ResetAt) > 24*time.Hour || time.Until(figures.ResetAt) < -time.Minute {
		t.Errorf("%+v", failed)
	}
	equal(t, "no such period", quota.ResetAt("hourly").IsZero(), true)

	room, err := quota.Reserve("claude-opus-5", 30, 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "reserved", quota.Used("claude-opus-5", "reserved_tokens"), 40)
	equal(t, "left", quota.Remaining("claude-opus-5", "daily_tokens"), 0)
	wantCode(t, room.SettleWith(map[string]any{}, false), claude.CodeInvalid)
	if err = room.SettleWith(map[string]any{"input_tokens": 7, "output_tokens": 3}, false); err != nil {
		t.Fatal(err)
	}
	room.Settle(30, 30)
	equal(t, "used", quota.Used("claude-opus-5", "daily_tokens"), 70)
	if room, err = quota.Reserve("", 5, 5); err != nil {
		t.Fatal(err)
	}
	room.Release()
	equal(t, "requests", quota.Used("", "daily_requests"), 2)
	wantCode(t, quota.Add("", (*claude.Message)(nil), false), claude.CodeInvalid)
	if err = quota.Add("claude-opus-5", json.RawMessage(`{"input_tokens": 1000, "output_tokens": 1}`), true); err != nil {
		t.Fatal(err)
	}
	equal(t, "used", quota.Used("", "daily_tokens"), 1071)

	exported, err := quota.Export()
	if err != nil {
		t.Fatal(err)
	}
	other := newQuota(t)
	if err = other.Import(exported); err != nil {
		t.Fatal(err)
	}
	equal(t, "used", other.Used("claude-opus-5", "daily_tokens"), 1071)
	wantCode(t, other.Import(nil), claude.CodeInvalid)
	if err = other.SetLimit("", "daily_requests", 3); err != nil {
		t.Fatal(err)
	}
	wantCode(t, other.Record("", 0, 0), claude.CodeQuota)
	wantCode(t, other.SetLimit("", "daily", 3), claude.CodeInvalid)
	_, err = claude.NewQuota(set("quota.daily_cost", "much"))
	wantCode(t, err, claude.CodeInvalid)
}

func TestSharedQuota(t *testing.T) {
	server := startSandbox(t)
	server.use(says)
	quota := newQuota(t, set("quota.daily_requests", "2"))
	for _, client := range []*claude.Client{server.client(claude.WithSharedQuota(quota)), server.client(claude.WithSharedQuota(quota))} {
		if _, err := client.Messages.New(background, params("Hello"), claude.WithQuota()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Messages.New(background, params("Hello")); err != nil {
			t.Errorf("a call that does not ask for it: %v", err)
		}
	}
	client := server.client(claude.WithSharedQuota(quota))
	_, whole := client.Messages.New(background, params("Hello"), claude.WithEnterpriseFeatures())
	_, streamed := client.Messages.NewStreaming(background, params("Hello"), claude.WithQuota()).Message()
	for _, err := range []error{whole, streamed} {
		wantCode(t, err, claude.CodeQuota)
		var failed *claude.Error
		if !errors.As(err, &failed) || failed.Quota == nil || failed.Quota.Used != 2 || failed.RetryAfter <= 0 ||
			!strings.Contains(err.Error(), "daily_requests") {
			t.Errorf("%+v", failed)
		}
	}
	equal(t, "refused", quota.Used("", "refused"), 2)
	equal(t, "requests", len(server.requests()), 4)
}
