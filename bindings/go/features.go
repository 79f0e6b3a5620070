package claude

// #include "glue.h"
import "C"

import "context"

// asking is an option of calls that asks for a feature.
func asking(name string, feature C.uint32_t) Option {
	option := ofCalls(name, func(*C.claude_request_t) error { return nil })
	option.features = feature
	return option
}

// WithRetries has a call tried again after failures that pass: after a wait that grows from retry to retry, or that the
// server has asked for. Nothing is tried again once a stream has brought its first event. The client must have
// WithConfig("retry.enabled", "true"); the options retry.* say how often and how long.
func WithRetries() Option { return asking("WithRetries", C.CLAUDE_WITH_RETRIES) }

// WithCircuitBreaker sends a call only to an endpoint that has not been failing: else the error is [CodeCircuitOpen], and
// its RetryAfter the time left. The client must have WithConfig("breaker.enabled", "true") or [WithBreaker].
func WithCircuitBreaker() Option {
	return asking("WithCircuitBreaker", C.CLAUDE_WITH_CIRCUIT_BREAKER)
}

// WithRateLimiting has a call wait for its turn. One that would have to wait for too long fails at once, with
// [CodeThrottled]. The client must have WithConfig("limiter.enabled", "true") or [WithLimiter].
func WithRateLimiting() Option { return asking("WithRateLimiting", C.CLAUDE_WITH_RATE_LIMITING) }

// WithFailover has a call go to another endpoint where one fails. The client must have endpoints: [WithEndpoints].
func WithFailover() Option { return asking("WithFailover", C.CLAUDE_WITH_FAILOVER) }

// WithQuota sends a call only within the quotas: before anything is sent, room is taken for what it may use. Without room the
// error is [CodeQuota], and its Quota says how full it is. The client must have WithConfig("quota.enabled", "true") or
// [WithSharedQuota].
func WithQuota() Option { return asking("WithQuota", C.CLAUDE_WITH_QUOTA) }

// WithEnterpriseFeatures is all of these that the client has enabled, at least one: within the quotas each attempt waits for its
// turn, goes to an endpoint whose breaker lets it through, and is followed by the next endpoint or a retry where it fails.
func WithEnterpriseFeatures() Option {
	return asking("WithEnterpriseFeatures", C.CLAUDE_WITH_ENTERPRISE_FEATURES)
}

// flagsOf are the flags of a call.
func flagsOf(options []Option, stream bool) C.uint32_t {
	flags := C.uint32_t(0)
	if stream {
		flags = C.CLAUDE_STREAM
	}
	for _, option := range options {
		flags |= option.features
	}
	return flags
}

// ExecuteWithRetries is [Client.Do] with [WithRetries].
func (c *Client) ExecuteWithRetries(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.Do(ctx, request, with(options, WithRetries())...)
}

// ExecuteWithCircuitBreaker is [Client.Do] with [WithCircuitBreaker].
func (c *Client) ExecuteWithCircuitBreaker(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.Do(ctx, request, with(options, WithCircuitBreaker())...)
}

// ExecuteWithRateLimiting is [Client.Do] with [WithRateLimiting].
func (c *Client) ExecuteWithRateLimiting(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.Do(ctx, request, with(options, WithRateLimiting())...)
}

// ExecuteWithFailover is [Client.Do] with [WithFailover].
func (c *Client) ExecuteWithFailover(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.Do(ctx, request, with(options, WithFailover())...)
}

// ExecuteWithQuota is [Client.Do] with [WithQuota].
func (c *Client) ExecuteWithQuota(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.Do(ctx, request, with(options, WithQuota())...)
}

// ExecuteWithEnterpriseFeatures is [Client.Do] with [WithEnterpriseFeatures].
func (c *Client) ExecuteWithEnterpriseFeatures(ctx context.Context, request Request, options ...Option) (*Response,
	error) {
	return c.Do(ctx, request, with(options, WithEnterpriseFeatures())...)
}

func with(options []Option, more Option) []Option {
	return append(append([]Option{}, options...), more)
}
