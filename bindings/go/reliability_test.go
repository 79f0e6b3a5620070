package claude_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"libclaude/claude"
)

// set is an option of a client by its name.
func set(name, value string) claude.Option { return claude.WithConfig(name, value) }

// retrying are options of a client that may retry, without waiting.
func retrying(more ...claude.Option) []claude.Option {
	return append([]claude.Option{set("retry.enabled", "true"), set("retry.initial_delay_ms", "0")}, more...)
}

const (
	overloaded = `{"status": 529, "error": {"type": "overloaded_error", "message": "Busy"}}`
	says       = `{"body_json": {"type": "message", "stop_reason": "end_turn", "content": [{"type": "text", "text": "Yes"}]}}`
)

// sequence is a scenario of replies one after the other.
func sequence(replies ...string) string { return `{"sequence": [` + strings.Join(replies, ",") + `]}` }

// Every way to make a call takes the options.
func TestRetriesOfAllCalls(t *testing.T) {
	server := startSandbox(t)
	client := server.client(retrying()...)
	page := `{"body_json": {"data": [{"id": "a"}], "has_more": true, "last_id": "a"}}`
	last := `{"body_json": {"data": [{"id": "b"}], "has_more": false}}`
	calls := map[string]struct {
		sent     int
		scenario string
		call     func(...claude.Option) error
	}{
		"message": {2, sequence(overloaded, says), func(options ...claude.Option) error {
			_, err := client.Messages.New(background, params("Hello"), options...)
			return err
		}},
		"stream": {2, sequence(overloaded, `{"events": [{"raw": "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"type\":\"message\",\"content\":[]}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}]}`),
			func(options ...claude.Option) error {
				_, err := client.Messages.NewStreaming(background, params("Hello"), options...).Message()
				return err
			}},
		"options of a request": {2, sequence(overloaded, says), func(options ...claude.Option) error {
			_, err := client.Do(background, claude.Request{Endpoint: "models.list", Options: options})
			return err
		}},
		"pages": {4, sequence(overloaded, page, overloaded, last), func(options ...claude.Option) error {
			models := client.Models.ListAutoPaging(background, nil, options...)
			for models.Next() {
			}
			return models.Err()
		}},
		"runner": {4, sequence(overloaded, asks(`wait {}`), overloaded, says), func(options ...claude.Option) error {
			wait := claude.NewTool("wait", "Waits.", func(context.Context, struct{}) (any, error) { return "", nil })
			runner, err := client.Messages.NewToolRunner(params("Hello"), []claude.Tool{wait}, options...)
			if err != nil {
				return err
			}
			defer runner.Close()
			_, err = runner.Run(background)
			return err
		}},
	}
	for name, test := range calls {
		server.control("POST", "reset", nil)
		server.use(test.scenario)
		if err := test.call(claude.WithRetries()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		equal(t, name+", requests", len(server.requests()), test.sent)
		server.control("POST", "reset", nil)
		server.use(test.scenario)
		wantCode(t, test.call(), claude.CodeOverloaded)
		equal(t, name+" without the option, requests", len(server.requests()), 1)
	}
}

func TestFeaturesThatAreNotEnabled(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	for option, feature := range map[string]func() claude.Option{
		"retry.enabled": claude.WithRetries, "breaker.enabled": claude.WithCircuitBreaker,
		"limiter.enabled": claude.WithRateLimiting, "failover.enabled": claude.WithFailover,
		"quota.enabled":        claude.WithQuota,
		"none of the features": claude.WithEnterpriseFeatures,
	} {
		_, whole := client.Messages.New(background, params("Hello"), feature())
		_, streamed := client.Messages.NewStreaming(background, params("Hello"), feature()).Message()
		_, runner := client.Messages.NewToolRunner(params("Hello"), nil, feature())
		for _, err := range []error{whole, streamed, runner} {
			wantCode(t, err, claude.CodeInvalid)
			if err == nil || !strings.Contains(err.Error(), option) {
				t.Errorf("%s is not named: %v", option, err)
			}
		}
	}
	equal(t, "requests", len(server.requests()), 0)
}

// The end of a context ends a wait at once, and the report says what had been before.
func TestContextsEndWaits(t *testing.T) {
	const wanted = 60 * time.Millisecond
	server := startSandbox(t)
	server.use(`{"status": 529, "headers": [["retry-after", "30"]], "error": {"type": "overloaded_error", "message": "Busy"}}`)
	var failed atomic.Int32 // attempts
	client := server.client(retrying(set("limiter.enabled", "true"), set("limiter.requests_per_second", "0.02"),
		set("limiter.burst", "1"), claude.WithAttemptObserver(
			func(context.Context, *claude.Attempt) func(claude.AttemptResult) {
				return func(claude.AttemptResult) { failed.Add(1) }
			}))...)
	calls := map[string]func(context.Context, claude.Option) error{
		"message": func(ctx context.Context, option claude.Option) error {
			_, err := client.Messages.New(ctx, params("Hello"), option)
			return err
		},
		"stream": func(ctx context.Context, option claude.Option) error {
			_, err := client.Messages.NewStreaming(ctx, params("Hello"), option).Message()
			return err
		},
	}
	attempts := 1
	for _, option := range []claude.Option{claude.WithRetries(), claude.WithRateLimiting()} {
		if attempts == 0 { // the only turn is taken
			_, err := client.Messages.New(background, params("Hello"), option)
			wantCode(t, err, claude.CodeOverloaded)
		}
		for name, call := range calls {
			start := time.Now()
			ctx, cancel := context.WithTimeout(background, wanted)
			err := call(ctx, option)
			cancel()
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took < wanted || took > wanted+2*time.Second {
				t.Errorf("%s, a deadline: %v after %v", name, err, took)
			}
			wantCode(t, err, claude.CodeTimeout)
			wantAttempts(t, err, attempts)

			ctx, cancel = context.WithCancel(background)
			result, before := make(chan error), failed.Load()
			go func() { result <- call(ctx, option) }()
			eventually(t, "the attempt has failed", func() bool { return failed.Load() >= before+int32(attempts) })
			time.Sleep(10 * time.Millisecond) // it waits
			start = time.Now()
			cancel()
			if err = <-result; !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
				t.Errorf("%s, cancelled: %v after %v", name, err, time.Since(start))
			}
			wantCode(t, err, claude.CodeCanceled)
			wantAttempts(t, err, attempts)
		}
		attempts = 0
	}
	equal(t, "requests", len(server.requests()), 5)
}

func wantAttempts(t *testing.T, err error, attempts int) {
	t.Helper()
	var failed *claude.Error
	if !errors.As(err, &failed) || failed.Report == nil {
		t.Fatalf("no report: %v", err)
	}
	equal(t, "attempts", failed.Report.Attempts, attempts)
	equal(t, "attempts that are described", len(failed.Report.AttemptList), attempts)
	if attempts > 0 {
		equal(t, "the first one", failed.Report.AttemptList[0].Code, claude.CodeOverloaded)
	}
}

// What had failed before is behind an error of the breaker.
func TestCauses(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"status": 500, "headers": [["request-id", "req_7"]], "error": {"type": "api_error", "message": "Broken"}}`)
	client := server.client(retrying(set("breaker.enabled", "true"), set("breaker.failure_threshold", "2"))...)
	_, err := client.Messages.New(background, params("Hello"), claude.WithEnterpriseFeatures())
	wantCode(t, err, claude.CodeCircuitOpen)
	if !errors.Is(err, claude.CodeServer) || errors.Is(err, claude.CodeOverloaded) {
		t.Errorf("the cause is not there: %v", err)
	}
	var failed, before *claude.Error
	if !errors.As(err, &failed) || !errors.As(errors.Unwrap(err), &before) {
		t.Fatal(err)
	}
	equal(t, "feature", failed.Feature, "circuit-breaker")
	equal(t, "category", failed.Category, failed.Code.Category())
	if failed.RetryAfter <= 0 || failed.RetryAfter > time.Minute || failed.HTTPStatus != 0 || failed.Response != nil {
		t.Errorf("%+v", failed)
	}
	equal(t, "request id of the cause", before.RequestID, "req_7")
	if before.Response == nil || !strings.Contains(before.Response.RawJSON(), "Broken") || before.HTTPStatus != 500 {
		t.Errorf("the answer that failed is lost: %+v", before)
	}
	equal(t, "state", failed.Report.BreakerState, claude.BreakerOpen)
	equal(t, "why there was no more", failed.Report.StoppedBy, "circuit-breaker")
	equal(t, "retries", failed.Report.Retries, 1)
	equal(t, "features", failed.Report.Features, []string{"retries", "circuit_breaker"})
}

func TestReport(t *testing.T) {
	server := startSandbox(t)
	client := server.client(retrying()...)
	server.use(sequence(overloaded, says))
	message, err := client.Messages.New(background, params("Hello"), claude.WithRetries())
	if err != nil {
		t.Fatal(err)
	}
	report := message.Report()
	equal(t, "attempts, retries", []int{report.Attempts, report.Retries, report.WireAttempts}, []int{2, 1, 2})
	equal(t, "codes", []claude.Code{report.AttemptList[0].Code, report.AttemptList[1].Code}, []claude.Code{claude.CodeOverloaded, 0})
	equal(t, "where", report.EndpointURL, server.url)
	if report.AttemptList[1].RequestID != message.RequestID() || report.AttemptList[1].FirstEvent >= 0 || report.BreakerState != 0 {
		t.Errorf("%+v", report)
	}
	whole, err := client.Messages.NewStreaming(background, params("Hello"), scenario("text")).Message()
	if err != nil || whole.Report().AttemptList[0].FirstEvent < 0 || len(whole.Report().Features) != 0 {
		t.Errorf("a stream: %v, %+v", err, whole.Report())
	}
	_, err = client.Messages.New(background, params("Hello"), scenario("bad-request"))
	var failed *claude.Error
	if !errors.As(err, &failed) || failed.Report == nil || failed.Response.Report() == nil {
		t.Fatalf("an error has no report: %v", err)
	}
	equal(t, "status", failed.Response.Report().AttemptList[0].HTTPStatus, 400)
	if _, err = claude.NewClient(); err == nil || err.(*claude.Error).Report != nil {
		t.Errorf("an error of no call: %v", err)
	}
}

func TestBreaker(t *testing.T) {
	server := startSandbox(t)
	breaker, err := claude.NewBreaker(set("breaker.failure_threshold", "2"), set("breaker.open_ms", "3600000"))
	if err != nil {
		t.Fatal(err)
	}
	one, two := server.client(claude.WithBreaker(breaker)), server.client(claude.WithBreaker(breaker))
	server.use(overloaded)
	for _, client := range []*claude.Client{one, two} {
		equal(t, "state", breaker.State(), claude.BreakerClosed)
		_, err = client.Messages.New(background, params("Hello"), claude.WithCircuitBreaker())
		wantCode(t, err, claude.CodeOverloaded)
	}
	equal(t, "state", breaker.State(), claude.BreakerOpen)
	_, err = one.Messages.New(background, params("Hello"), claude.WithCircuitBreaker())
	wantCode(t, err, claude.CodeCircuitOpen)
	equal(t, "requests", len(server.requests()), 2)
	if left := breaker.RetryAfter(); left <= 59*time.Minute || left > time.Hour {
		t.Errorf("%v are left", left)
	}
	for name, count := range map[string]int64{"failures": 2, "successes": 0, "refused": 1, "opened": 1, "none": -1, "\x00": -1} {
		equal(t, name, breaker.Counter(name), count)
	}
	breaker.Close()
	equal(t, "closed by hand", breaker.State(), claude.BreakerClosed)
	breaker.Open(time.Nanosecond) // a millisecond
	eventually(t, "it is half-open", func() bool { return breaker.State() == claude.BreakerHalfOpen })
	permit, err := breaker.Allow()
	if err != nil {
		t.Fatal(err)
	}
	_, err = breaker.Allow()
	wantCode(t, err, claude.CodeCircuitOpen)
	permit.Record(claude.BreakerSuccess)
	equal(t, "after a probe", breaker.State(), claude.BreakerClosed)
	equal(t, "names", []claude.BreakerState{claude.BreakerClosed, claude.BreakerOpen, claude.BreakerHalfOpen, 0},
		"[closed open half_open ]")
	claude.Permit{}.Record(claude.BreakerFailure)
	if _, err = claude.NewBreaker(set("breaker.open_ms", "soon")); err == nil {
		t.Error("an option that is wrong")
	}
}

func TestLimiter(t *testing.T) {
	server := startSandbox(t)
	limiter, err := claude.NewLimiter(set("limiter.requests_per_second", "0.02"), set("limiter.burst", "2"),
		set("limiter.input_tokens_per_minute", "1000"))
	if err != nil {
		t.Fatal(err)
	}
	client := server.client(claude.WithLimiter(limiter))
	message, err := client.Messages.New(background, params("Hello"), claude.WithRateLimiting())
	if err != nil || message.Report().AttemptList[0].LimiterWait != 0 {
		t.Fatal(err)
	}
	equal(t, "requests left", limiter.Available("messages", "requests"), 1)
	equal(t, "no limit", limiter.Available("messages", "output_tokens"), -1)
	equal(t, "no such name", limiter.Available("messages", "x\x00"), -1)
	turn, err := limiter.Reserve("messages", 400, 10)
	if err != nil || turn.Wait(background) != nil {
		t.Fatal(err)
	}
	before := limiter.Available("messages", "input_tokens")
	turn.Settle(100, -1)
	if after := limiter.Available("messages", "input_tokens"); after < before+300 {
		t.Errorf("%d tokens are left of %d after 300 were given back", after, before)
	}
	_, err = limiter.Reserve("messages", 1001, 0)
	wantCode(t, err, claude.CodeThrottled)
	_, err = limiter.Reserve("messages", -1, 0)
	wantCode(t, err, claude.CodeInvalid)
	waiting, err := limiter.Reserve("messages", 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if delay, err := waiting.Delay(); err != nil || delay < 40*time.Second || delay > 50*time.Second {
		t.Errorf("%v, %v", delay, err)
	}
	equal(t, "queued", limiter.Queued(), 1)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	err = waiting.Wait(ctx)
	wantCode(t, err, claude.CodeTimeout)
	if !errors.Is(err, context.DeadlineExceeded) || err.(*claude.Error).Feature != "rate-limiting" || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	equal(t, "queued after that", limiter.Queued(), 0)
	_, err = waiting.Delay()
	wantCode(t, err, claude.CodeState)
	wantCode(t, turn.Wait(nil), claude.CodeInvalid) //nolint:staticcheck
	turn.Close()
}

// Who waits gets a turn, in order, and no more go than may.
func TestReservationsWait(t *testing.T) {
	limiter, err := claude.NewLimiter(set("limiter.requests_per_second", "100"), set("limiter.burst", "1"))
	if err != nil {
		t.Fatal(err)
	}
	const places = 8
	start := time.Now()
	var all sync.WaitGroup
	for i := 0; i < places; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			turn, err := limiter.Reserve("other", 0, 0)
			if err == nil {
				defer turn.Close()
				err = turn.Wait(background)
			}
			if err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	// The limiter's clock counts whole milliseconds.
	if took := time.Since(start); took < ((places-1)*10-1)*time.Millisecond {
		t.Errorf("%d turns at 100 a second took %v", places, took)
	}
}

func TestFailover(t *testing.T) {
	const other = "sk-ant-conformance-of-another-endpoint"
	server, backup := startSandbox(t), startSandbox(t)
	server.use(overloaded)
	failover, err := claude.NewFailover(set("failover.unhealthy_after", "2"))
	if err != nil {
		t.Fatal(err)
	}
	for i, add := range []func() (int, error){
		func() (int, error) { return failover.AddEndpoint(backup.url, 2, other) },
		func() (int, error) { return failover.AddEndpoint(server.url, 1, "") },
	} {
		if index, err := add(); err != nil || index != i {
			t.Fatal(index, err)
		}
	}
	if err = failover.MapModel(0, "claude-opus-5", "opus-there"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, failover.MapModel(2, "a", "b"), claude.CodeInvalid)
	client := server.client(claude.WithEndpoints(failover))
	_, err = failover.AddEndpoint("http://127.0.0.1:1", 3, "")
	wantCode(t, err, claude.CodeState)
	message, err := client.Messages.New(background, params("Hello"), claude.WithFailover())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "where", message.Report().EndpointURL, backup.url)
	equal(t, "failovers", message.Report().Failovers, 1)
	sent := backup.requests()[0]
	if key, _ := sent.header("x-api-key"); key != other || !strings.Contains(sent.Body, `"opus-there"`) {
		t.Errorf("key %q, body %s", key, sent.Body)
	}
	want := []claude.FailoverEndpoint{
		{BaseURL: backup.url, Priority: 2, State: claude.HealthHealthy},
		{BaseURL: server.url, Priority: 1, State: claude.HealthDegraded},
	}
	equal(t, "endpoints", failover.Endpoints(), want)

	next := func(tried uint64) int {
		index, err := failover.SelectEndpoint(tried)
		if err != nil {
			t.Error(err)
		}
		return index
	}
	equal(t, "first, and when that was tried", []int{next(0), next(1 << 1)}, []int{1, 0})
	_, err = failover.SelectEndpoint(3)
	wantCode(t, err, claude.CodeState)
	failover.Record(1, false)
	equal(t, "state", failover.Endpoints()[1].State, claude.HealthUnhealthy)
	equal(t, "the unhealthy one is passed over", next(0), 0)
	failover.Record(1, true)
	equal(t, "and comes back", next(0), 1)
	if err = failover.SetState(1, claude.HealthUnhealthy); err != nil || next(0) != 0 {
		t.Errorf("set by hand: %v", err)
	}
	wantCode(t, failover.SetState(-1, claude.HealthHealthy), claude.CodeInvalid)
}

func TestMetrics(t *testing.T) {
	server := startSandbox(t)
	_, err := server.client().Metrics()
	wantCode(t, err, claude.CodeInvalid)
	client := server.client(retrying(set("metrics.enabled", "true"))...)
	server.use(sequence(overloaded, says))
	if _, err = client.Messages.New(background, params("Hello"), claude.WithRetries()); err != nil {
		t.Fatal(err)
	}
	metrics, err := client.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	for name, figure := range map[string]int64{
		"calls": 1, "attempts": 2, "retries": 1, "call_duration_ms": 1, "none": -1, "\x00": -1,
	} {
		equal(t, name, metrics.Value(name), figure)
	}
	equal(t, "errors", metrics.Errors(claude.CodeOverloaded), 1)
	equal(t, "sum", metrics.Sum("none"), -1)
	count, buckets := int64(0), metrics.Histogram("attempt_duration_ms")
	for _, bucket := range buckets {
		count += bucket.Count
	}
	equal(t, "values", count, 2)
	if last := buckets[len(buckets)-1]; last.UpperBound != 1<<63-1 || metrics.Histogram("calls") != nil {
		t.Errorf("%v", buckets)
	}
	if !strings.Contains(metrics.JSON(), `"retries":1`) || !strings.Contains(metrics.Prometheus(), "claude_retries_total 1\n") {
		t.Errorf("%s\n%s", metrics.JSON(), metrics.Prometheus())
	}
	kinds := map[claude.MetricKind]int{}
	for _, info := range claude.MetricInfos() {
		kinds[info.Kind]++
		if info.Name == "" || info.Unit == "" || info.Help == "" || metrics.Value(info.Name) < 0 {
			t.Errorf("%+v", info)
		}
	}
	equal(t, "kinds", len(kinds), 3)
	client.Close()
	_, err = client.Metrics()
	wantCode(t, err, claude.CodeState)
	equal(t, "a snapshot outlives its client", metrics.Value("calls"), 1)
}

func TestRateLimits(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"default_headers": false, "body_json": {}, "headers": [["date", "Mon, 23 Nov 2026 08:00:00 GMT"],
		["content-type", "application/json"],
		["Anthropic-RateLimit-Requests-Limit", "50"], ["anthropic-ratelimit-requests-remaining", "49"],
		["anthropic-ratelimit-requests-reset", "2026-11-23T08:00:30Z"],
		["anthropic-priority-input-tokens-remaining", "0"], ["anthropic-priority-output-tokens-reset", "soon"]]}`)
	response, err := server.client().Do(background, claude.Request{Endpoint: "models.list"})
	if err != nil {
		t.Fatal(err)
	}
	limits := response.RateLimits()
	equal(t, "kinds", len(limits), 2)
	requests := limits["requests"]
	if requests.Limit != 50 || requests.Remaining != 49 || requests.UsedPercent != 2 || requests.ResetIn != 30*time.Second ||
		!requests.Reset.Equal(time.Date(2026, 11, 23, 8, 0, 30, 0, time.UTC)) {
		t.Errorf("%+v", requests)
	}
	priority := limits["priority-input-tokens"]
	if priority.Limit >= 0 || priority.Remaining != 0 || !priority.Reset.IsZero() || priority.ResetIn >= 0 || priority.UsedPercent >= 0 {
		t.Errorf("%+v", priority)
	}
	_, err = server.client().Messages.New(background, params("Hello"), scenario("rate-limited"))
	var failed *claude.Error
	if !errors.As(err, &failed) || len(failed.Response.RateLimits()) == 0 {
		t.Errorf("an error has no limits: %v", err)
	}
	server.use(`{"default_headers": false, "body_json": {}}`)
	if response, err = server.client().Do(background, claude.Request{Endpoint: "models.list"}); err != nil || len(response.RateLimits()) != 0 {
		t.Errorf("%v, %v", err, response)
	}
}

func TestHealth(t *testing.T) {
	server, backup := startSandbox(t), startSandbox(t)
	failover, err := claude.NewFailover()
	if err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{server.url, backup.url} {
		if _, err = failover.AddEndpoint(url, 1, testKey); err != nil {
			t.Fatal(err)
		}
	}
	options := []claude.Option{set("health.healthy_ms", "60000"), set("health.degraded_ms", "60000")}
	client := server.client(append(options, claude.WithEndpoints(failover))...)
	backup.use(`{"status": 503}`)
	health, err := client.NewHealth()
	if err != nil {
		t.Fatal(err)
	}
	report, err := health.Check(background)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "endpoints", len(report.Endpoints), 2)
	well, ill := report.Endpoints[0], report.Endpoints[1]
	if well.BaseURL != server.url || well.State != claude.HealthHealthy || well.ResponseTime < 0 || well.HTTPStatus == 0 || well.Error != "" {
		t.Errorf("%+v", well)
	}
	if ill.BaseURL != backup.url || ill.State != claude.HealthUnhealthy || ill.HTTPStatus != 503 {
		t.Errorf("%+v", ill)
	}
	equal(t, "shares", []float64{report.Share(claude.HealthHealthy), report.Share(claude.HealthDegraded)}, []float64{0.5, 0})
	equal(t, "failover has heard of it", failover.Endpoints()[1].State, claude.HealthUnhealthy)
	if !strings.Contains(report.RawJSON(), `"shares"`) {
		t.Error(report.RawJSON())
	}
	wantCode(t, health.AddEndpoint("http://127.0.0.1:1", ""), claude.CodeState)

	one, err := client.CheckEndpoint(background, server.url)
	if err != nil || one.State != claude.HealthHealthy {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = client.CheckEndpoint(background, "no URL")
	wantCode(t, err, claude.CodeInvalid)
	one, err = server.client(set("network.allow_http", "true")).CheckEndpoint(background, "http://127.0.0.1:1")
	if err != nil || one.State != claude.HealthUnhealthy || one.ResponseTime >= 0 || one.HTTPStatus != 0 || one.Error == "" {
		t.Errorf("%+v, %v", one, err)
	}
	client.Close()
	_, err = health.Check(background)
	wantCode(t, err, claude.CodeState)
}

// Many goroutines, one set of endpoints: each gets a whole report.
func TestChecksAtOnce(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	health, err := server.client().NewHealth()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 8; i++ {
		if err = health.AddEndpoint(fmt.Sprintf("%s/%d", server.url, i), ""); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for i := 0; i < 16; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			report, err := health.Check(background)
			if err != nil || len(report.Endpoints) != 8 {
				t.Errorf("%+v, %v", report, err)
				return
			}
			for i, endpoint := range report.Endpoints {
				if endpoint.BaseURL != fmt.Sprintf("%s/%d", server.url, i) || endpoint.HTTPStatus == 0 || endpoint.Error != "" {
					t.Errorf("%+v", endpoint)
				}
			}
		}()
	}
	all.Wait()
}

// The end of a context ends the waiting for a check, not the check.
func TestContextsEndChecks(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"delay_ms": 2000}`)
	health, err := server.client(set("health.timeout_ms", "5000")).NewHealth()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = health.Check(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 1500*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	wantCode(t, err, claude.CodeTimeout)
	if _, err = health.Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that had ended: %v", err)
	}
	report, err := health.Check(background) // after the first one
	if err != nil || report.Endpoints[0].HTTPStatus == 0 {
		t.Errorf("%+v, %v", report, err)
	}
}
