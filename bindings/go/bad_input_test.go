package claude_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

// wantInvalid says that an error is one of bad input whose message names what is wrong, and nothing secret.
func wantInvalid(t *testing.T, err error, named ...string) {
	t.Helper()
	wantCode(t, err, claude.CodeInvalid)
	for _, text := range named {
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not name %q", err, text)
		}
	}
	if err != nil && strings.Contains(err.Error(), "sk-ant-") {
		t.Errorf("a key in %q", err)
	}
}

func TestBadOptions(t *testing.T) {
	key := claude.WithAPIKey(testKey)
	for name, test := range map[string]struct {
		option claude.Option
		named  string
	}{
		"key":             {claude.WithAPIKey("sk-ant-no key at all, and too long"), "API key"},
		"key with NUL":    {claude.WithAPIKey("sk-ant-conformance\x00-not-a-real-key"), "API key"},
		"no key":          {claude.WithAPIKey(""), "API key"},
		"URL":             {claude.WithBaseURL("ftp://127.0.0.1"), "base_url"},
		"URL with NUL":    {claude.WithBaseURL("http://127.0.0.1\x00"), "base_url has a NUL at byte 16"},
		"option":          {claude.WithConfig("timeout.idel_ms", "5"), "timeout.idle_ms"},
		"option with NUL": {claude.WithConfig("timeout\x00", "5"), "NUL"},
		"value":           {claude.WithConfig("timeout.idle_ms", "five"), "timeout.idle_ms"},
		"header":          {claude.WithHeader("a b", "c"), "header name"},
		"header's value":  {claude.WithHeader("x-team", "a\r\nx-other: b"), "x-team"},
		"header with NUL": {claude.WithHeader("x-team", "a\x00b"), "x-team has a NUL at byte 1"},
		"timeout":         {claude.WithTimeout(-time.Second), "-1s"},
		"empty option":    {claude.Option{}, "With"},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := claude.NewClient(key, test.option)
			wantInvalid(t, err, test.named)
			if client != nil {
				t.Error("there is a client all the same")
			}
		})
	}
	_, err := claude.NewClient()
	wantCode(t, err, claude.CodeNoKey)
}

func TestBadOptionsOfCalls(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	for named, option := range map[string]claude.Option{
		"WithAPIKey":   claude.WithAPIKey(testKey),
		"base_url":     claude.WithBaseURL(server.url),
		"x-api-key":    claude.WithHeader("x-api-key", "k"),
		"timeout":      claude.WithTimeout(0),
		"With":         {},
		"NUL at byte ": claude.WithHeader("x\x00", ""),
	} {
		_, err := client.Messages.New(background, params("Hello"), option)
		wantInvalid(t, err, named)
		wantInvalid(t, client.Messages.NewStreaming(background, params("Hello"), option).Err(), named)
	}
	equal(t, "requests", len(server.requests()), 0)
}

func TestBadParams(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	nan := math.NaN()
	withNaN := params("Hello")
	withNaN.Temperature = &nan
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	for name, test := range map[string]struct {
		params any
		named  string
	}{
		"nil":              {nil, "object"},
		"NaN":              {withNaN, "unsupported value: NaN"},
		"a channel":        {map[string]any{"model": make(chan int)}, "unsupported type: chan int"},
		"a cycle":          {cyclic, "cycle"},
		"a list":           {[]int{1}, "object"},
		"a number":         {json.Number("x"), "number"},
		"not JSON":         {json.RawMessage(`{"model": }`), "offset"},
		"nothing":          {json.RawMessage(nil), "JSON"},
		"raw not UTF-8":    {json.RawMessage("{\"model\": \"\xff\"}"), "UTF-8"},
		"not UTF-8":        {params("caf\xe9"), "Content is not valid UTF-8"},
		"a key not UTF-8":  {map[string]any{"m\xff": 1}, "a key of the parameters is not valid UTF-8"},
		"a lone surrogate": {json.RawMessage(`{"model": "\ud800"}`), "surrogate"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Messages.New(background, test.params)
			wantInvalid(t, err, test.named)
			wantInvalid(t, client.Messages.NewStreaming(background, test.params).Err(), test.named)
			_, err = client.Messages.CountTokens(background, test.params)
			wantInvalid(t, err, test.named)
		})
	}
	var unsupported *json.UnsupportedValueError
	if _, err := client.Messages.New(background, withNaN); !errors.As(err, &unsupported) {
		t.Errorf("the error of encoding/json is lost: %#v", err)
	}
	_, err := client.Do(background, claude.Request{Endpoint: "messages\x00create", Body: params("Hello")})
	wantInvalid(t, err, "the name of the endpoint has a NUL at byte 8")
	equal(t, "requests", len(server.requests()), 0)

	// What only looks like a replacement is sent as it is.
	message, err := client.Messages.New(background, params("\ufffd and \\ufffd"))
	if err != nil || message.Text() != "Echo: \ufffd and \\ufffd" {
		t.Errorf("%v, %v", message, err)
	}
	// A NUL is a character like others.
	message, err = client.Messages.New(background, params("a\x00b"))
	if err != nil || message.Text() != "Echo: a\x00b" {
		t.Errorf("%v, %v", message, err)
	}
}

func TestBadUse(t *testing.T) {
	client := startSandbox(t).client()
	var none context.Context
	_, err := client.Messages.New(none, params("Hello"))
	wantInvalid(t, err, "context")
	for _, empty := range []*claude.Client{{}, nil} {
		if empty != nil {
			_, err = empty.Messages.New(background, params("Hello"))
			wantInvalid(t, err, "NewClient")
			wantInvalid(t, empty.Messages.NewStreaming(background, params("Hello")).Err(), "NewClient")
		}
		_, err = empty.Do(background, claude.Request{Endpoint: "models.list"})
		wantInvalid(t, err, "NewClient")
		equal(t, "close", empty.Close(), nil)
	}
	failed := client.Messages.NewStreaming(background, nil)
	equal(t, "next", failed.Next(), false)
	equal(t, "event", failed.Event().Kind, 0)
	equal(t, "close", failed.Close(), nil)
	wantInvalid(t, failed.Err())
}

func TestFromEnv(t *testing.T) {
	server := startSandbox(t)
	t.Setenv("ANTHROPIC_API_KEY", testKey)
	t.Setenv("ANTHROPIC_BASE_URL", server.url)
	client, err := claude.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err = client.Messages.New(background, params("Hello")); err != nil {
		t.Fatal(err)
	}
	key, _ := server.requests()[0].header("x-api-key")
	equal(t, "key", key, testKey)
	_, err = claude.NewClient()
	wantCode(t, err, claude.CodeNoKey)
	t.Setenv("ANTHROPIC_API_KEY", "")
	_, err = claude.FromEnv()
	wantCode(t, err, claude.CodeNoKey)
}

func TestHeadersAndOptionsOfACall(t *testing.T) {
	server := startSandbox(t)
	client := server.client(claude.WithHeader("x-team", "blue"), claude.WithHeader("x-gone", "1"))
	_, err := client.Messages.New(background, params("Hello"), claude.WithHeader("x-team", "red"), claude.WithoutHeader("x-gone"),
		claude.WithConfig("api_version", "2026-10-21"))
	if err != nil {
		t.Fatal(err)
	}
	sent := server.requests()[0]
	for name, want := range map[string]string{"x-team": "red", "anthropic-version": "2026-10-21"} {
		got, _ := sent.header(name)
		equal(t, name, got, want)
	}
	if _, there := sent.header("x-gone"); there {
		t.Error("a header that was removed is sent")
	}
}
