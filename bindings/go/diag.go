package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"time"
)

// A CurlCommand is the command of curl that repeats a request, for the POSIX shell. The key stands there as
// $ANTHROPIC_API_KEY; the prompt is in the body.
type CurlCommand struct {
	Text string
	// Body is what belongs into the file that the command reads its body from, nil if it needs none.
	Body []byte
}

// String is the command.
func (c *CurlCommand) String() string { return c.Text }

// CurlCommand is the command of curl that sends what [Client.Do] would send. Nothing is sent. The body is in the command
// unless a file is named for it, which the program writes; "-" is curl's standard input. It needs one with a NUL, or with more
// than 131,071 bytes.
func (c *Client) CurlCommand(request Request, bodyFile string, options ...Option) (*CurlCommand, error) {
	return c.own().curl(request.source(), bodyFile, request.options(options), false)
}

// CurlCommand is [Client.CurlCommand] for a message that New is to send.
func (s MessageService) CurlCommand(params any, bodyFile string, options ...Option) (*CurlCommand, error) {
	return s.owner.curl(messageSource(params), bodyFile, options, false)
}

// CurlCommandStreaming is [Client.CurlCommand] for a message that NewStreaming is to send.
func (s MessageService) CurlCommandStreaming(params any, bodyFile string, options ...Option) (*CurlCommand, error) {
	return s.owner.curl(messageSource(params), bodyFile, options, true)
}

func (o *owner) curl(from source, bodyFile string, options []Option, stream bool) (*CurlCommand, error) {
	if o == nil {
		return nil, errNoClient()
	}
	make, err := from()
	if err != nil {
		return nil, err
	}
	var command *CurlCommand
	err = o.lend(func(client *C.claude_client_t) error {
		request, err := make.applied(options, stream)
		if err != nil {
			return err
		}
		defer C.claude_request_unref(request)
		return withOptionalText(bodyFile, "the name of the file", func(bodyFile *C.char) error {
			var lent *C.claude_curl_t
			var failure *C.claude_error_t
			code := C.claude_curl_command(client, request, flagsOf(options, stream), bodyFile, &lent, &failure)
			if err := check(code, failure); err != nil {
				return err
			}
			defer C.claude_curl_unref(lent)
			var length C.size_t
			text := C.claude_curl_text(lent, &length)
			command = &CurlCommand{Text: string(copyBytes(pointer(text), length))}
			if body := C.claude_curl_body(lent, &length); body != nil {
				command.Body = copyBytes(body, length)
			}
			return nil
		})
	})
	return command, err
}

// Diagnostics are what can be said of a client, for bug reports and status pages. RawJSON has all of it, and Decode takes it
// apart; docs/diagnostics.md lists it. No key is in it.
type Diagnostics struct {
	Time time.Time
	// Options are those that are not as they are by default.
	Options map[string]any
	// Headers are the names of those that the program has set.
	Headers []string
	// Fingerprint is that of the key.
	Fingerprint string
	// Callbacks are those that are registered.
	Callbacks []string
	Endpoints []EndpointDiagnostics
	// Attempts are the last ones, the oldest first, with WithConfig("diagnostics.timings", "16"), for example.
	Attempts []AttemptDiagnostics
	raw
}

// EndpointDiagnostics are an endpoint, and how it is: the client's base URL, then those of its failover.
type EndpointDiagnostics struct {
	URL string
	// Fingerprint is that of its key.
	Fingerprint string
	// State and Priority are those that failover has, "" and 0 for the client's base URL.
	State    string
	Priority int32
	// BreakerState is zero if there is no breaker; BreakerLeft is how long it stays open.
	BreakerState BreakerState
	BreakerLeft  time.Duration
}

// AttemptDiagnostics are an attempt that has ended.
type AttemptDiagnostics struct {
	Ended time.Time
	// EndpointName is what it asked for, by the name of docs/endpoints.md; Endpoint is where it went.
	EndpointName string
	Endpoint     int
	// Code is the name of what became of it, "CLAUDE_OK" if it went well.
	Code       string
	HTTPStatus int
	RequestID  string
	Duration   time.Duration
	Timings    Timings
}

type diagnosticFields struct {
	Time    int64          `json:"time_ms"`
	Options map[string]any `json:"options"`
	Headers []string       `json:"headers"`
	Key     struct {
		Fingerprint string `json:"fingerprint"`
	} `json:"key"`
	Callbacks []string `json:"callbacks"`
	Endpoints []struct {
		URL         string `json:"url"`
		Key         string `json:"key"`
		State       string `json:"state"`
		Priority    int32  `json:"priority"`
		Breaker     string `json:"breaker"`
		BreakerLeft millis `json:"breaker_left_ms"`
	} `json:"endpoints"`
	Attempts []struct {
		Ended         int64        `json:"ended_ms"`
		Endpoint      string       `json:"endpoint"`
		EndpointIndex int          `json:"endpoint_index"`
		Code          string       `json:"code"`
		HTTPStatus    int          `json:"http_status"`
		RequestID     string       `json:"request_id"`
		Duration      millis       `json:"duration_ms"`
		Connections   int          `json:"connections"`
		Timings       timingFields `json:"timings_us"`
	} `json:"attempts"`
}

// Diagnostics says what can be said of the client. Nothing is sent.
func (c *Client) Diagnostics() (*Diagnostics, error) {
	var text string
	err := c.own().lend(func(client *C.claude_client_t) error {
		var lent *C.claude_diagnostics_t
		var failure *C.claude_error_t
		if err := check(C.claude_client_diagnostics(client, &lent, &failure), failure); err != nil {
			return err
		}
		defer C.claude_diagnostics_unref(lent)
		var length C.size_t
		lentText := C.claude_diagnostics_json(lent, &length)
		text = string(copyBytes(pointer(lentText), length))
		return nil
	})
	if err != nil {
		return nil, err
	}
	var fields diagnosticFields
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, fail(CodeNoMemory, "the report cannot be read: %v", err)
	}
	report := &Diagnostics{Time: time.UnixMilli(fields.Time), Options: fields.Options, Headers: fields.Headers,
		Fingerprint: fields.Key.Fingerprint, Callbacks: fields.Callbacks, raw: raw{text}}
	for _, row := range fields.Endpoints {
		report.Endpoints = append(report.Endpoints, EndpointDiagnostics{row.URL, row.Key, row.State, row.Priority,
			breakerStateNamed(row.Breaker), time.Duration(row.BreakerLeft)})
	}
	for _, row := range fields.Attempts {
		row.Timings.Connections = row.Connections
		report.Attempts = append(report.Attempts, AttemptDiagnostics{time.UnixMilli(row.Ended), row.Endpoint,
			row.EndpointIndex, row.Code, row.HTTPStatus, row.RequestID, time.Duration(row.Duration), *row.Timings.make()})
	}
	return report, nil
}

// A SelfTestStatus is what a check has found.
type SelfTestStatus int32

// What there is to find.
const (
	SelfTestOK SelfTestStatus = C.CLAUDE_SELFTEST_OK
	// It works, but something is not as it should be.
	SelfTestWarn SelfTestStatus = C.CLAUDE_SELFTEST_WARN
	SelfTestFail SelfTestStatus = C.CLAUDE_SELFTEST_FAIL
	// It was not asked for, does not apply, or what it needs has failed.
	SelfTestSkipped SelfTestStatus = C.CLAUDE_SELFTEST_SKIPPED
)

// String is "ok", "warn", "fail" or "skipped".
func (s SelfTestStatus) String() string {
	return C.GoString(C.claude_selftest_status_name(C.int32_t(s)))
}

// SelfTestOptions say what a self-test does beside looking at the way to the server.
type SelfTestOptions struct {
	// Key has the key sent, too: GET of /v1/models, which spends no tokens. Model is one to look for then, "" is none.
	Key   bool
	Model string
	// Timeout is the longest time of all checks together, 10 seconds if it is 0. A context's deadline counts as well.
	Timeout time.Duration
}

// A SelfTest is what was found on the way to the server.
type SelfTest struct {
	URL string
	// Worst is the worst of the checks.
	Worst  SelfTestStatus
	Checks []SelfTestCheck
	raw
}

// A SelfTestCheck is what was found in one step: "dns", "proxy", "tcp", "tls", "http", "clock", "key" or "model".
type SelfTestCheck struct {
	Name   string
	Status SelfTestStatus
	// Text is what was found, Fix how to mend it, "" where nothing needs to be mended.
	Text string
	Fix  string
	// Duration is how long it took; negative if it was not made or did not end.
	Duration time.Duration
}

// SelfTest checks the way to the client's base URL step by step, and says of each step what is wrong and how to mend it. A
// check that fails is a result, and no error. The end of ctx ends the waiting at once; what was begun goes on until Timeout.
func (c *Client) SelfTest(ctx context.Context, options SelfTestOptions) (*SelfTest, error) {
	own := c.own()
	switch {
	case own == nil:
		return nil, errNoClient()
	case ctx == nil:
		return nil, fail(CodeInvalid, "the context is nil")
	case ctx.Err() != nil:
		return nil, endedWait(ctx, "general-diagnostics")
	case options.Timeout == 0:
		options.Timeout = 10 * time.Second
	}
	if at, limited := ctx.Deadline(); limited && time.Until(at) < options.Timeout && options.Timeout > 0 {
		if options.Timeout = time.Until(at); options.Timeout < time.Millisecond {
			options.Timeout = time.Millisecond
		}
	}
	if options.Key {
		if err := own.engine.provider.ensure(ctx, own); err != nil {
			return nil, err
		}
	}
	client, err := own.borrow()
	if err != nil {
		return nil, err
	}
	var test *SelfTest
	done := make(chan struct{})
	go func() { // C cannot be interrupted
		defer close(done)
		defer own.giveBack()
		test, err = runSelfTest(client, options)
	}()
	select {
	case <-done:
		own.engine.tell()
		return test, err
	case <-ctx.Done():
		return nil, endedWait(ctx, "general-diagnostics")
	}
}

func runSelfTest(client *C.claude_client_t, options SelfTestOptions) (*SelfTest, error) {
	flags := C.uint32_t(0)
	if options.Key {
		flags = C.CLAUDE_SELFTEST_KEY
	}
	var lent *C.claude_selftest_t
	err := withOptionalText(options.Model, "the model", func(model *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_selftest_run(client, flags, model, milliseconds(options.Timeout), &lent, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	defer C.claude_selftest_unref(lent)
	var length C.size_t
	text := C.claude_selftest_json(lent, &length)
	test := &SelfTest{Worst: SelfTestStatus(C.claude_selftest_worst(lent)), raw: raw{string(copyBytes(pointer(text), length))}}
	var fields struct {
		URL    string `json:"url"`
		Checks []struct {
			Name     string `json:"name"`
			Text     string `json:"text"`
			Fix      string `json:"fix"`
			Duration millis `json:"ms"`
		} `json:"checks"`
	}
	if err := json.Unmarshal([]byte(test.text), &fields); err != nil {
		return nil, fail(CodeNoMemory, "what was found cannot be read: %v", err)
	}
	test.URL = fields.URL
	for i, row := range fields.Checks {
		status := SelfTestStatus(C.claude_selftest_status(lent, C.size_t(i)))
		test.Checks = append(test.Checks, SelfTestCheck{row.Name, status, row.Text, row.Fix, time.Duration(row.Duration)})
	}
	return test, nil
}
