package claude

// #include "glue.h"
import "C"

import "runtime"

// A HealthState is how an endpoint is.
type HealthState int32

// The states of endpoints.
const (
	HealthUnknown   HealthState = C.CLAUDE_HEALTH_UNKNOWN
	HealthHealthy   HealthState = C.CLAUDE_HEALTH_HEALTHY
	HealthDegraded  HealthState = C.CLAUDE_HEALTH_DEGRADED
	HealthUnhealthy HealthState = C.CLAUDE_HEALTH_UNHEALTHY
)

// String is "unknown", "healthy", "degraded" or "unhealthy".
func (s HealthState) String() string { return C.GoString(C.claude_health_state_name(C.int32_t(s))) }

// A Failover is several endpoints for one API: which are well, and which comes next. Clients that have it
// ([WithEndpoints]) share what is known of them. It can also be used alone. Any number of goroutines may use it.
type Failover struct{ handle *C.claude_failover_t }

// NewFailover makes a failover without endpoints, of options failover.*: NewFailover(WithConfig("failover.strategy",
// "round_robin")). How many endpoints a call may try is an option of the client, or of the call.
func NewFailover(options ...Option) (*Failover, error) {
	failover := &Failover{}
	err := configured(options, func(config *C.claude_config_t) error {
		var failure *C.claude_error_t
		return check(C.claude_failover_new(config, &failover.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(failover, func(failover *Failover) { C.claude_failover_unref(failover.handle) })
	return failover, nil
}

// WithEndpoints gives a client the endpoints of a failover, which enables [WithFailover].
func WithEndpoints(failover *Failover) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if failover == nil || failover.handle == nil {
				return fail(CodeInvalid, "the failover was not made by NewFailover")
			}
			defer runtime.KeepAlive(failover)
			var failure *C.claude_error_t
			return check(C.claude_config_set_failover(config, failover.handle, &failure), failure)
		},
		call: ofClients("WithEndpoints"),
	}
}

// AddEndpoint adds an endpoint and returns its number: 0, 1, 2, ... It can be done until a client is made with the failover,
// or the first endpoint is selected. The lowest priority comes first. Without a key ("") it gets the client's if it is on
// the client's server, else none: a key goes to no other server than that of its endpoint.
func (f *Failover) AddEndpoint(baseURL string, priority int32, key string) (int, error) {
	defer runtime.KeepAlive(f)
	index := C.size_t(0)
	err := withTexts(baseURL, "the base URL", nil, "", func(url, _ *C.char) error {
		return withKeyOrNone(key, func(secret *C.claude_secret_t) error {
			var failure *C.claude_error_t
			code := C.claude_failover_add_endpoint(f.handle, url, C.int32_t(priority), secret, &index, &failure)
			return check(code, failure)
		})
	})
	return int(index), err
}

// MapModel has requests for a model ask an endpoint for another one, which is what the model is called there.
func (f *Failover) MapModel(endpoint int, model, other string) error {
	defer runtime.KeepAlive(f)
	return withTexts(model, "the model", &other, "the other model", func(model, other *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_failover_map_model(f.handle, C.size_t(endpoint), model, other, &failure), failure)
	})
}

// A FailoverEndpoint is an endpoint as it is now.
type FailoverEndpoint struct {
	BaseURL  string
	Priority int32
	State    HealthState
}

// Endpoints are all endpoints, in the order of their numbers.
func (f *Failover) Endpoints() []FailoverEndpoint {
	defer runtime.KeepAlive(f)
	all := make([]FailoverEndpoint, int(C.claude_failover_count(f.handle)))
	for i := range all {
		index := C.size_t(i)
		all[i] = FailoverEndpoint{
			BaseURL:  C.GoString(C.claude_failover_url(f.handle, index)),
			Priority: int32(C.claude_failover_priority(f.handle, index)),
			State:    HealthState(C.claude_failover_state(f.handle, index)),
		}
	}
	return all
}

// SetState says how an endpoint is, for programs that know better than its attempts tell.
func (f *Failover) SetState(endpoint int, state HealthState) error {
	defer runtime.KeepAlive(f)
	var failure *C.claude_error_t
	return check(C.claude_failover_set_state(f.handle, C.size_t(endpoint), C.int32_t(state), &failure), failure)
}

// SelectEndpoint chooses the endpoint to try next. Tried has a bit, 1<<number, for each that is not to be chosen; when all
// are the error is [CodeState]. Nothing is sent. Calls of a client do this by themselves.
func (f *Failover) SelectEndpoint(tried uint64) (int, error) {
	defer runtime.KeepAlive(f)
	var failure *C.claude_error_t
	index := C.size_t(0)
	code := C.claude_failover_select_endpoint(f.handle, C.uint64_t(tried), &index, &failure)
	return int(index), check(code, failure)
}

// Record tells what became of an attempt at an endpoint: ok, or failed in a way that speaks against the endpoint.
func (f *Failover) Record(endpoint int, ok bool) {
	went := C.int32_t(0)
	if ok {
		went = 1
	}
	C.claude_failover_record(f.handle, C.size_t(endpoint), went)
	runtime.KeepAlive(f)
}
