package claude_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

const casesFolder = "../../tests/conformance/cases"

// A value is a piece of JSON that says whether it was there: null is.
type value []byte

func (v *value) UnmarshalJSON(text []byte) error {
	*v = append(value{}, text...)
	return nil
}

func (v value) isNull() bool { return string(v) == "null" }

// A conformanceCase is a case that every language runs, see tests/conformance/README.md.
type conformanceCase struct {
	About     string             `json:"about"`
	Scenario  value              `json:"scenario"`
	Client    map[string]value   `json:"client"`
	Headers   map[string]*string `json:"client_headers"`
	Endpoints []struct {
		Path     string            `json:"path"`
		Priority int32             `json:"priority"`
		APIKey   string            `json:"api_key"`
		Models   map[string]string `json:"models"`
	} `json:"endpoints"`
	// Snapshots are options beside those of the client, by the snapshots' names.
	Snapshots map[string]map[string]value `json:"snapshots"`
	Times     *int                        `json:"times"`
	Request   struct {
		Endpoint string             `json:"endpoint"`
		Stream   bool               `json:"stream"`
		With     []string           `json:"with"`
		Body     value              `json:"body"`
		BodyText *string            `json:"body_text"`
		Headers  map[string]*string `json:"headers"`
		Options  map[string]any     `json:"options"`
		Path     map[string]string  `json:"path"`
		Query    value              `json:"query"`
		Betas    []string           `json:"betas"`
		Files    map[string]string  `json:"files"`
		Form     []formPart         `json:"form"`
	} `json:"request"`
	Expect struct {
		Sent       value            `json:"sent"`
		Codes      *[]string        `json:"codes"`
		Report     value            `json:"report"`
		Metrics    map[string]value `json:"metrics"`
		Events     *[]expectedEvent `json:"events"`
		Text       value            `json:"text"`
		Bytes      value            `json:"bytes"`
		EventCount value            `json:"event_count"`
		Response   value            `json:"response"`
		Error      *expectedError   `json:"error"`
	} `json:"expect"`
}

type formPart struct {
	Name      string  `json:"name"`
	Text      *string `json:"text"`
	Filename  string  `json:"filename"`
	MediaType string  `json:"media_type"`
	Content   string  `json:"content"`
}

type expectedSent struct {
	Method   value            `json:"method"`
	Target   value            `json:"target"`
	Body     value            `json:"body"`
	BodyText value            `json:"body_text"`
	Contains []string         `json:"body_contains"`
	Headers  map[string]value `json:"headers"`
}

type expectedEvent struct {
	Kind  value `json:"kind"`
	Name  value `json:"name"`
	Index value `json:"index"`
	Text  value `json:"text"`
	JSON  value `json:"json"`
}

type expectedResponse struct {
	Status     value            `json:"status"`
	Type       value            `json:"type"`
	ID         value            `json:"id"`
	Model      value            `json:"model"`
	StopReason value            `json:"stop_reason"`
	Text       value            `json:"text"`
	RequestID  value            `json:"request_id"`
	Usage      map[string]value `json:"usage"`
	Headers    map[string]value `json:"headers"`
	JSON       value            `json:"json"`
	Raw        value            `json:"raw"`
	At         map[string]value `json:"at"`
}

type expectedError struct {
	Code         value    `json:"code"`
	Category     value    `json:"category"`
	HTTPStatus   value    `json:"http_status"`
	APIType      value    `json:"api_type"`
	ErrorCode    value    `json:"error_code"`
	Message      value    `json:"message"`
	Contains     []string `json:"contains"`
	Retryable    value    `json:"retryable"`
	RetryAfterMS value    `json:"retry_after_ms"`
	Attempts     value    `json:"attempts"`
	RequestID    value    `json:"request_id"`
	Response     value    `json:"response"`
	Feature      value    `json:"feature"`
	// Figures of the quota that refused.
	Quota value `json:"quota"`
	Cause value `json:"cause"`
}

// What a run of a case has seen.
type seen struct {
	t       *testing.T
	events  []claude.Event
	bytes   string // taken by Read, without events
	message *claude.Message
	err     error
	// Of all calls.
	sent    []received
	codes   []string
	metrics *claude.Metrics
}

func TestConformance(t *testing.T) {
	paths, err := filepath.Glob(casesFolder + "/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", casesFolder, err)
	}
	server := startSandbox(t)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		test := readCase(t, path)
		for way, do := range ways {
			if test.Request.Stream == do.forStreams {
				t.Run(name+"/"+way, func(t *testing.T) { runCase(t, server, name, test, do.run) })
			}
		}
	}
}

func readCase(t *testing.T, path string) *conformanceCase {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	test := &conformanceCase{}
	strictly(t, text, test)
	if (test.Expect.Response == nil) == (test.Expect.Error == nil) {
		t.Fatalf("%s expects not one of a response and an error", path)
	}
	return test
}

// strictly decodes JSON of which every member must be known.
func strictly(t *testing.T, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// A way to do what a case asks for.
type way struct {
	forStreams bool
	run        func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option)
}

var ways = map[string]way{
	"do": {false, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		if request, ok := s.request(test, false); ok {
			s.answer(s.execute(client, test, request, options))
		}
	}},
	"decoded": {false, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		ctx, cancel := context.WithTimeout(background, time.Minute)
		defer cancel()
		if request, ok := s.request(test, true); ok {
			s.answer(client.Do(ctx, request, append(options, s.asked(test)...)...))
		}
	}},
	"next": {true, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		if request, ok := s.request(test, false); ok {
			s.pull(client.Stream(background, request, append(options, s.asked(test)...)...))
		}
	}},
	"with a context": {true, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		ctx, cancel := context.WithTimeout(background, time.Minute)
		defer cancel()
		if request, ok := s.request(test, true); ok {
			request.Options = s.asked(test)
			s.pull(client.Stream(ctx, request, options...))
		}
	}},
	"read": {true, func(s *seen, client *claude.Client, test *conformanceCase, options []claude.Option) {
		request, ok := s.request(test, false)
		if about, _ := claude.EndpointNamed(request.Endpoint); !ok || about.Answer != "bytes" {
			s.t.Skip("not bytes")
		}
		stream := client.Stream(background, request, append(options, s.asked(test)...)...)
		defer stream.Close()
		content, _ := io.ReadAll(stream)
		s.bytes = string(content)
		s.message, s.err = stream.Message()
	}},
}

// features are what a case asks for: by an option, or, alone, by the method of its name.
var features = map[string]struct {
	option  func() claude.Option
	execute func(*claude.Client, context.Context, claude.Request, ...claude.Option) (*claude.Response, error)
}{
	"retries":             {claude.WithRetries, (*claude.Client).ExecuteWithRetries},
	"circuit_breaker":     {claude.WithCircuitBreaker, (*claude.Client).ExecuteWithCircuitBreaker},
	"rate_limiting":       {claude.WithRateLimiting, (*claude.Client).ExecuteWithRateLimiting},
	"quota":               {claude.WithQuota, (*claude.Client).ExecuteWithQuota},
	"failover":            {claude.WithFailover, (*claude.Client).ExecuteWithFailover},
	"enterprise_features": {claude.WithEnterpriseFeatures, (*claude.Client).ExecuteWithEnterpriseFeatures},
}

func (s *seen) asked(test *conformanceCase) []claude.Option {
	var options []claude.Option
	for _, name := range test.Request.With {
		feature, known := features[name]
		if !known {
			s.t.Fatalf("no feature is called %s", name)
		}
		options = append(options, feature.option())
	}
	return options
}

func (s *seen) execute(client *claude.Client, test *conformanceCase, request claude.Request,
	options []claude.Option) (*claude.Response, error) {
	asked := s.asked(test)
	if len(asked) == 1 {
		return features[test.Request.With[0]].execute(client, background, request, options...)
	}
	return client.Do(background, request, append(options, asked...)...)
}

// pull takes the events of a stream one by one.
func (s *seen) pull(stream *claude.Stream) {
	defer stream.Close()
	for stream.Next() {
		s.events = append(s.events, stream.Event())
	}
	s.message, s.err = stream.Message()
}

// request is what a case sends: its body as it is, or as Go values, to be encoded again.
func (s *seen) request(test *conformanceCase, asValues bool) (claude.Request, bool) {
	given := &test.Request
	request := claude.Request{Endpoint: given.Endpoint, Path: given.Path, Betas: given.Betas}
	if given.Query != nil {
		request.Query = json.RawMessage(given.Query)
	}
	files := map[string]*claude.File{}
	for name, content := range given.Files {
		files[name] = s.file(content, "")
	}
	switch {
	case given.BodyText != nil:
		request.Body = json.RawMessage(*given.BodyText)
	case given.Body != nil && asValues:
		request.Body = withFiles(decoded(given.Body), files)
		if given.Query != nil {
			request.Query = decoded(given.Query)
		}
	case given.Body != nil:
		text := string(given.Body)
		for name, file := range files {
			text = strings.ReplaceAll(text, `"`+name+`"`, `"`+file.Token()+`"`)
			request.Files = append(request.Files, file)
		}
		request.Body = json.RawMessage(text)
	}
	for _, part := range given.Form {
		made := claude.FormPart{Name: part.Name, Filename: part.Filename, MediaType: part.MediaType}
		if part.Text != nil {
			made.Text = *part.Text
		} else {
			made.File = s.file(part.Content, part.Filename)
		}
		request.Form = append(request.Form, made)
	}
	return request, s.err == nil
}

func (s *seen) file(content, name string) *claude.File {
	file, err := claude.FileOfBytes([]byte(content), name)
	if err != nil {
		s.err = err
	}
	return file
}

// withFiles puts files into the places of their names.
func withFiles(v any, files map[string]*claude.File) any {
	switch v := v.(type) {
	case string:
		if file := files[v]; file != nil {
			return file
		}
	case []any:
		for i := range v {
			v[i] = withFiles(v[i], files)
		}
	case map[string]any:
		for name := range v {
			v[name] = withFiles(v[name], files)
		}
	}
	return v
}

func (s *seen) answer(response *claude.Response, err error) {
	s.err = err
	if err == nil {
		s.message = &claude.Message{Response: response}
	}
}

func runCase(t *testing.T, server *sandbox, name string, test *conformanceCase,
	run func(*seen, *claude.Client, *conformanceCase, []claude.Option)) {
	server.control("POST", "reset", nil)
	s := &seen{t: t}
	client, err := newClientOf(server, test)
	if err != nil {
		s.err = err
	} else {
		defer client.Close()
		s.calls(client, test, run, callOptions(server, name, test))
	}
	s.sent = server.requests()
	s.check(server, test)
}

// calls makes the call of a case as often as it says.
func (s *seen) calls(client *claude.Client, test *conformanceCase,
	run func(*seen, *claude.Client, *conformanceCase, []claude.Option), options []claude.Option) {
	times := 1
	if test.Times != nil {
		times = *test.Times
	}
	for ; times > 0; times-- {
		s.events, s.bytes, s.message, s.err = nil, "", nil, nil
		run(s, client, test, options[:len(options):len(options)])
		code := claude.Code(0)
		if failed, ok := s.err.(*claude.Error); ok {
			code = failed.Code
		}
		s.codes = append(s.codes, nameOf(code))
	}
	if test.Expect.Metrics == nil {
		return
	}
	metrics, err := client.Metrics()
	if err != nil {
		s.t.Fatal(err)
	}
	s.metrics = metrics
}

// nameOf is the name of a code, or of none.
func nameOf(code claude.Code) string {
	if code == 0 {
		return "CLAUDE_OK"
	}
	return code.String()
}

func newClientOf(server *sandbox, test *conformanceCase) (*claude.Client, error) {
	options := append(headerOptions(test.Headers), claude.WithConfigJSON(clientOptions(server, test.Client)))
	client, err := newClientWith(server, test, options)
	if err != nil {
		return nil, err
	}
	for name, more := range test.Snapshots {
		all := append(append([]claude.Option{}, options...), claude.WithConfigJSON(clientOptions(server, more)))
		if err = client.SetSnapshot(name, all...); err != nil {
			client.Close()
			return nil, err
		}
	}
	return client, nil
}

func newClientWith(server *sandbox, test *conformanceCase, options []claude.Option) (*claude.Client, error) {
	if test.Endpoints == nil {
		return claude.NewClient(options...)
	}
	failover, err := claude.NewFailover(options...)
	if err != nil {
		return nil, err
	}
	for _, endpoint := range test.Endpoints {
		index, err := failover.AddEndpoint(server.url+endpoint.Path, endpoint.Priority, endpoint.APIKey)
		if err != nil {
			return nil, err
		}
		for model, other := range endpoint.Models {
			if err := failover.MapModel(index, model, other); err != nil {
				return nil, err
			}
		}
	}
	return claude.NewClient(append(options, claude.WithEndpoints(failover))...)
}

func clientOptions(server *sandbox, given map[string]value) string {
	key, _ := json.Marshal(testKey)
	url, _ := json.Marshal(server.url)
	all := map[string]json.RawMessage{"api_key": key, "base_url": url}
	for name, option := range given {
		all[name] = json.RawMessage(option)
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func headerOptions(headers map[string]*string) []claude.Option {
	var options []claude.Option
	for header, text := range headers {
		if text == nil {
			options = append(options, claude.WithoutHeader(header))
		} else {
			options = append(options, claude.WithHeader(header, *text))
		}
	}
	return options
}

func callOptions(server *sandbox, name string, test *conformanceCase) []claude.Option {
	options := headerOptions(test.Request.Headers)
	for option, given := range test.Request.Options {
		options = append(options, claude.WithConfig(option, fmt.Sprint(given)))
	}
	if test.Scenario == nil {
		return options
	}
	if test.Scenario[0] == '{' {
		server.control("PUT", "scenarios/"+name, json.RawMessage(test.Scenario))
	} else {
		name = decoded(test.Scenario).(string)
	}
	return append(options, scenario(name))
}

// ---- comparing ----

func decoded(text []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return errors.New("not JSON: " + string(text))
	}
	return v
}

func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		other, ok := b.(json.Number)
		x, okX := new(big.Rat).SetString(string(a))
		y, okY := new(big.Rat).SetString(string(other))
		return ok && okX && okY && x.Cmp(y) == 0
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for name, member := range a {
			if found, there := other[name]; !there || !same(member, found) {
				return false
			}
		}
		return true
	case []any:
		other, ok := b.([]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for i := range a {
			if !same(a[i], other[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// json compares as JSON, if anything is expected.
func (s *seen) json(what string, expected value, found string) {
	s.t.Helper()
	if expected != nil && !same(decoded(expected), decoded([]byte(found))) {
		s.t.Errorf("%s is %s, want %s", what, found, expected)
	}
}

// text compares a text, of which there is none where isThere is false.
func (s *seen) text(what string, expected value, found string, isThere bool) {
	s.t.Helper()
	if expected == nil {
		return
	}
	want := decoded(expected)
	if want == true && isThere || want == nil && !isThere || isThere && want == found {
		return
	}
	s.t.Errorf("%s is %q (there is one: %v), want %s", what, found, isThere, expected)
}

// optional compares a text that is empty where there is none.
func (s *seen) optional(what string, expected value, found string) {
	s.t.Helper()
	s.text(what, expected, found, found != "")
}

// number compares an integer that is `none` where there is none.
func (s *seen) number(what string, expected value, found, none int64) {
	s.t.Helper()
	if expected.isNull() {
		if found != none {
			s.t.Errorf("%s is %d, want none", what, found)
		}
		return
	}
	s.json(what, expected, strconv.FormatInt(found, 10))
}

// ---- what is checked ----

func (s *seen) check(server *sandbox, test *conformanceCase) {
	expect := &test.Expect
	s.checkSent(expect.Sent)
	if expect.Codes != nil {
		equal(s.t, "how the calls ended", s.codes, *expect.Codes)
	}
	for name, figure := range expect.Metrics {
		s.number("metric "+name, figure, s.metrics.Value(name), -1)
	}
	s.checkReport(server, expect.Report)
	if expect.Events != nil {
		s.checkEvents(*expect.Events)
	}
	text := ""
	for _, event := range s.events {
		if event.Kind == claude.EventTextDelta {
			text += event.Text
		}
	}
	s.text("text of the events", expect.Text, text, true)
	bytes := s.bytes
	for _, event := range s.events {
		if event.Kind == claude.EventBytes {
			bytes += event.Text
		}
	}
	s.text("bytes", expect.Bytes, bytes, true)
	s.number("number of events", expect.EventCount, int64(len(s.events)), -1)
	if expect.Error != nil {
		s.checkError(expect.Error, s.err)
	} else if s.err != nil {
		s.t.Errorf("failed: %v", s.err)
	} else {
		s.checkResponse(expect.Response, s.message)
	}
}

func (s *seen) checkSent(expected value) {
	if expected == nil {
		return
	}
	if expected.isNull() {
		equal(s.t, "number of requests", len(s.sent), 0)
		return
	}
	var all []expectedSent
	if expected[0] != '[' {
		expected = value("[" + string(expected) + "]")
	}
	strictly(s.t, expected, &all)
	if len(s.sent) != len(all) {
		s.t.Fatalf("%d requests were sent, want %d", len(s.sent), len(all))
	}
	for i, want := range all {
		s.checkOneSent(want, s.sent[i])
	}
}

func (s *seen) checkOneSent(want expectedSent, sent received) {
	s.optional("method", want.Method, sent.Method)
	s.optional("target", want.Target, sent.Target)
	s.json("body sent", want.Body, sent.Body)
	s.text("body sent", want.BodyText, sent.Body, true)
	for _, text := range want.Contains {
		if !strings.Contains(sent.Body, text) {
			s.t.Errorf("the body sent has no %q: %s", text, sent.Body)
		}
	}
	for name, text := range want.Headers {
		found, there := sent.header(name)
		s.text("header "+name, text, found, there)
	}
}

// checkReport compares the report of the last call.
func (s *seen) checkReport(server *sandbox, expected value) {
	var report *claude.Report
	if failed, ok := s.err.(*claude.Error); ok {
		report = failed.Report
	} else if s.message != nil {
		report = s.message.Report()
	}
	if report == nil {
		if expected != nil && !expected.isNull() {
			s.t.Error("there is no report")
		}
		return
	}
	if found := asJSON(report); !same(decoded([]byte(report.RawJSON())), decoded(found)) {
		s.t.Errorf("the report %s was read as %s", report.RawJSON(), found)
	}
	if expected == nil {
		return
	}
	if expected.isNull() {
		s.t.Errorf("there is a report: %s", report.RawJSON())
		return
	}
	s.checkMembers("report", decoded(expected).(map[string]any), decoded(asJSON(report)).(map[string]any), server)
}

// checkMembers compares those members of a report, or of an attempt, that are mentioned.
func (s *seen) checkMembers(what string, expected, found map[string]any, server *sandbox) {
	for name, want := range expected {
		got, known := found[name]
		number, isNumber := got.(json.Number)
		switch {
		case !known:
			s.t.Errorf("a %s has no %s", what, name)
		case name == "attempt_list":
			attempts, list := got.([]any), want.([]any)
			equal(s.t, "number of attempts", len(attempts), len(list))
			for i := 0; i < len(list) && i < len(attempts); i++ {
				s.checkMembers("attempt", list[i].(map[string]any), attempts[i].(map[string]any), server)
			}
		case name == "endpoint_url":
			equal(s.t, "path of the endpoint", strings.TrimPrefix(got.(string), server.url), want)
		case want == true && isNumber:
			if n, err := number.Int64(); err != nil || n <= 0 {
				s.t.Errorf("%s of the %s is %v", name, what, got)
			}
		case !same(want, got):
			s.t.Errorf("%s of the %s is %v, want %v", name, what, got, want)
		}
	}
}

// asJSON is a report's fields in the form of its JSON.
func asJSON(report *claude.Report) []byte {
	orNull := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	attempts := []any{}
	for _, attempt := range report.AttemptList {
		attempts = append(attempts, map[string]any{
			"code": int(attempt.Code), "name": nameOf(attempt.Code), "http_status": attempt.HTTPStatus,
			"request_id": orNull(attempt.RequestID), "endpoint": attempt.Endpoint,
			"wire_attempts": attempt.WireAttempts, "started_ms": attempt.Started.Milliseconds(),
			"duration_ms": attempt.Duration.Milliseconds(), "first_event_ms": attempt.FirstEvent.Milliseconds(),
			"backoff_ms": attempt.Backoff.Milliseconds(), "limiter_wait_ms": attempt.LimiterWait.Milliseconds(),
		})
	}
	text, _ := json.Marshal(map[string]any{
		"features": report.Features, "wire_attempts": report.WireAttempts, "attempts": report.Attempts,
		"resends": report.Resends, "snapshot": report.Snapshot, "generation": report.Generation,
		"retries": report.Retries, "failovers": report.Failovers,
		"limiter_wait_ms": report.LimiterWait.Milliseconds(), "backoff_ms": report.Backoff.Milliseconds(),
		"duration_ms": report.Duration.Milliseconds(), "endpoint_index": report.Endpoint,
		"endpoint_url": report.EndpointURL, "breaker_state": orNull(report.BreakerState.String()),
		"stopped_by": report.StoppedBy, "attempt_list": attempts,
	})
	return text
}

var kinds = map[claude.EventKind]string{
	claude.EventMessageStart: "message_start", claude.EventMessageDelta: "message_delta",
	claude.EventMessageStop: "message_stop", claude.EventBlockStart: "block_start", claude.EventBlockStop: "block_stop",
	claude.EventTextDelta: "text_delta", claude.EventThinkingDelta: "thinking_delta",
	claude.EventSignatureDelta: "signature_delta", claude.EventInputJSONDelta: "input_json_delta",
	claude.EventCitationsDelta: "citations_delta", claude.EventCompactionDelta: "compaction_delta",
	claude.EventOtherDelta: "other_delta", claude.EventPing: "ping", claude.EventOther: "other",
	claude.EventLine: "line", claude.EventBytes: "bytes",
}

func (s *seen) checkEvents(expected []expectedEvent) {
	if len(s.events) != len(expected) {
		s.t.Errorf("%d events, want %d", len(s.events), len(expected))
		return
	}
	for i, want := range expected {
		event, what := s.events[i], fmt.Sprintf("of event %d", i)
		s.optional("kind "+what, want.Kind, kinds[event.Kind])
		s.text("name "+what, want.Name, event.Type(), true)
		s.number("index "+what, want.Index, int64(event.Index), -1)
		s.text("text "+what, want.Text, event.Text, event.HasText())
		s.json("JSON "+what, want.JSON, event.RawJSON())
	}
}

func (s *seen) checkResponse(expected value, message *claude.Message) {
	var want expectedResponse
	strictly(s.t, expected, &want)
	s.number("status", want.Status, int64(message.Status()), 0)
	s.optional("type", want.Type, message.Type())
	s.optional("id", want.ID, message.ID())
	s.optional("model", want.Model, message.Model())
	s.optional("stop reason", want.StopReason, message.StopReason())
	s.text("text", want.Text, message.Text(), true)
	s.optional("request id", want.RequestID, message.RequestID())
	s.json("body", want.JSON, message.RawJSON())
	s.text("body", want.Raw, message.RawJSON(), true)
	for name, text := range want.Headers {
		s.optional("header "+name, text, message.Header(name))
	}
	for pointer, text := range want.At {
		found, there := at(decoded([]byte(message.RawJSON())), pointer)
		if !there || !same(decoded(text), found) {
			s.t.Errorf("%v at %q, want %s", found, pointer, text)
		}
	}
	s.checkUsage(want.Usage, message)
}

func (s *seen) checkUsage(expected map[string]value, message *claude.Message) {
	usage := message.Usage()
	fields := map[string]int64{"input_tokens": usage.InputTokens, "output_tokens": usage.OutputTokens,
		"cache_creation_input_tokens": usage.CacheCreationInputTokens,
		"cache_read_input_tokens":     usage.CacheReadInputTokens}
	for name, count := range expected {
		found, there := at(decoded([]byte(message.RawJSON())), "/usage/"+name)
		if !same(decoded(count), found) || there == count.isNull() && found != nil {
			s.t.Errorf("usage %s is %v, want %s", name, found, count)
		}
		if field, typed := fields[name]; typed && (field != 0 || !count.isNull()) {
			s.number("field of usage "+name, count, field, 0)
		}
	}
}

// at is the value at a JSON pointer.
func at(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	for _, name := range strings.Split(pointer[1:], "/") {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		switch whole := v.(type) {
		case map[string]any:
			member, there := whole[name]
			if !there {
				return nil, false
			}
			v = member
		case []any:
			index, err := strconv.Atoi(name)
			if err != nil || index >= len(whole) {
				return nil, false
			}
			v = whole[index]
		default:
			return nil, false
		}
	}
	return v, true
}

func (s *seen) checkError(want *expectedError, err error) {
	var failed *claude.Error
	if !errors.As(err, &failed) {
		s.t.Fatalf("no error but %v, %v", s.message, err)
	}
	s.optional("code", want.Code, failed.Code.String())
	s.optional("category", want.Category, string(failed.Category))
	s.number("status", want.HTTPStatus, int64(failed.HTTPStatus), 0)
	s.optional("type", want.APIType, failed.APIType)
	s.optional("error code", want.ErrorCode, failed.ErrorCode)
	s.text("message", want.Message, failed.Message, true)
	for _, part := range want.Contains {
		if !strings.Contains(failed.Message, part) {
			s.t.Errorf("the message %q does not contain %q", failed.Message, part)
		}
	}
	s.json("retryable", want.Retryable, strconv.FormatBool(failed.Retryable))
	retryAfter := failed.RetryAfter.Milliseconds()
	if failed.RetryAfter < 0 {
		retryAfter = -1
	}
	s.number("retry after", want.RetryAfterMS, retryAfter, -1)
	s.number("attempts", want.Attempts, int64(failed.Attempts), -1)
	s.optional("request id", want.RequestID, failed.RequestID)
	s.optional("feature", want.Feature, failed.Feature)
	s.checkQuota(want.Quota, failed.Quota)
	switch cause := errors.Unwrap(failed); {
	case want.Cause.isNull() && cause != nil:
		s.t.Errorf("there is a cause: %v", cause)
	case want.Cause != nil && !want.Cause.isNull():
		var wanted expectedError
		strictly(s.t, want.Cause, &wanted)
		s.checkError(&wanted, cause)
	}
	switch {
	case want.Response.isNull() && failed.Response != nil:
		s.t.Errorf("there is a response: %s", failed.Response.RawJSON())
	case want.Response != nil && !want.Response.isNull() && failed.Response == nil:
		s.t.Error("there is no response")
	case failed.Response != nil && want.Response != nil:
		s.checkResponse(want.Response, failed.Response)
	}
}

// checkQuota compares those figures that are mentioned; true is any that is more than 0.
func (s *seen) checkQuota(want value, found *claude.QuotaFigures) {
	if want == nil {
		return
	}
	if found == nil {
		s.json("quota", want, "null")
		return
	}
	perModel := 0
	if found.PerModel {
		perModel = 1
	}
	text, _ := json.Marshal(map[string]any{"limit": found.Limit, "used": found.Used, "reserved": found.Reserved,
		"needed": found.Needed, "reset_at_ms": found.ResetAt.UnixMilli(), "per_model": perModel})
	s.checkMembers("quota", decoded(want).(map[string]any), decoded(text).(map[string]any), nil)
}
