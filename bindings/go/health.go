package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"time"
)

// A Health checks whether endpoints answer, and how fast: when it is asked to, and not behind the program's back. The options
// health.* of its client say how. Any number of goroutines may use it.
type Health struct {
	handle *C.claude_health_t
	owner  *owner
	mu     sync.Mutex // one check at a time: the next one takes its texts away
}

// NewHealth makes a set of endpoints to be checked: those of the client's failover, or else its base URL, until others are
// added.
func (c *Client) NewHealth() (*Health, error) {
	health := &Health{owner: c.own()}
	err := health.owner.lend(func(client *C.claude_client_t) error {
		var failure *C.claude_error_t
		return check(C.claude_health_new(client, &health.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(health, func(health *Health) { C.claude_health_unref(health.handle) })
	return health, nil
}

// AddEndpoint adds an endpoint; the first one takes the place of the client's. It can be done until the first check. The key
// is for the strategy `models`, which alone sends one: "" is the client's if the endpoint is on the client's server, else
// none.
func (h *Health) AddEndpoint(baseURL, key string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer runtime.KeepAlive(h)
	return withTexts(baseURL, "the base URL", nil, "", func(url, _ *C.char) error {
		return withKeyOrNone(key, func(secret *C.claude_secret_t) error {
			var failure *C.claude_error_t
			return check(C.claude_health_add_endpoint(h.handle, url, secret, &failure), failure)
		})
	})
}

// A HealthReport is what a check has found.
type HealthReport struct {
	Endpoints []EndpointHealth
	shares    map[string]int64
	raw
}

// EndpointHealth is what a check has found of an endpoint.
type EndpointHealth struct {
	BaseURL string
	State   HealthState
	// ResponseTime is negative, and HTTPStatus 0, if there was no answer; Error says why.
	ResponseTime time.Duration
	HTTPStatus   int
	Error        string
}

// Share is the share of the endpoints that are in a state, 0 to 1.
func (r *HealthReport) Share(state HealthState) float64 {
	return float64(r.shares[state.String()]) / 1000
}

// Check asks all endpoints at once, and waits for their answers: for health.timeout_ms at most. An endpoint that does not
// answer is a result, not a failure. What is found is told to the client's failover. The end of ctx ends the waiting at once;
// what was asked goes on until then.
func (h *Health) Check(ctx context.Context) (*HealthReport, error) {
	if ctx == nil {
		return nil, fail(CodeInvalid, "the context is nil")
	}
	if ctx.Err() != nil {
		return nil, endedWait(ctx, "health-checks")
	}
	var report *HealthReport
	var err error
	done := make(chan struct{})
	go func() { // C cannot be interrupted
		defer close(done)
		report, err = h.check()
	}()
	select {
	case <-done:
		h.owner.engine.tell()
		return report, err
	case <-ctx.Done():
		return nil, endedWait(ctx, "health-checks")
	}
}

func (h *Health) check() (*HealthReport, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer runtime.KeepAlive(h)
	if err := h.owner.lend(func(*C.claude_client_t) error { return nil }); err != nil {
		return nil, err
	}
	var failure *C.claude_error_t
	if err := check(C.claude_health_check(h.handle, &failure), failure); err != nil {
		return nil, err
	}
	return h.report()
}

// healthFields is what a check has found as JSON.
type healthFields struct {
	Endpoints []struct {
		URL        string `json:"url"`
		ResponseMS int64  `json:"response_ms"`
		HTTPStatus int    `json:"http_status"`
		Error      string `json:"error"`
	} `json:"endpoints"`
	Shares map[string]int64 `json:"shares"`
}

// report copies what the latest check has found; the lock is held.
func (h *Health) report() (*HealthReport, error) {
	var length C.size_t
	text := C.GoStringN(C.claude_health_json(h.handle, &length), C.int(length))
	var fields healthFields
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, fail(CodeNoMemory, "what the check has found cannot be read: %v", err)
	}
	report := &HealthReport{shares: fields.Shares, raw: raw{text}}
	for i, endpoint := range fields.Endpoints {
		time := time.Duration(endpoint.ResponseMS) * time.Millisecond
		state := HealthState(C.claude_health_state(h.handle, C.size_t(i)))
		report.Endpoints = append(report.Endpoints,
			EndpointHealth{endpoint.URL, state, time, endpoint.HTTPStatus, endpoint.Error})
	}
	return report, nil
}

// CheckEndpoint checks one endpoint, with the options of the client; see [Health.Check].
func (c *Client) CheckEndpoint(ctx context.Context, baseURL string) (*EndpointHealth, error) {
	health, err := c.NewHealth()
	if err != nil {
		return nil, err
	}
	if err = health.AddEndpoint(baseURL, ""); err != nil {
		return nil, err
	}
	report, err := health.Check(ctx)
	if err != nil {
		return nil, err
	}
	return &report.Endpoints[0], nil
}
