package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"runtime"
	"time"
)

// A Quota is how many requests and tokens, and how much money, may be used in a day and in a month, in all and by each
// model. A client that is told to (quota.enabled) has its own; this one can be shared by clients ([WithSharedQuota]), looked
// at, stored, or used by hand. Money is in nano-dollars. Any number of goroutines may use it.
type Quota struct{ handle *C.claude_quota_t }

// NewQuota makes a quota of options quota.* and of the table of models among the options:
// NewQuota(WithConfig("quota.daily_cost", "50")).
func NewQuota(options ...Option) (*Quota, error) {
	quota := &Quota{}
	err := configured(options, func(config *C.claude_config_t) error {
		var failure *C.claude_error_t
		return check(C.claude_quota_new(config, &quota.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(quota, func(quota *Quota) { C.claude_quota_unref(quota.handle) })
	return quota, nil
}

// WithSharedQuota has a client use a quota, which enables [WithQuota].
func WithSharedQuota(quota *Quota) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			if quota == nil || quota.handle == nil {
				return fail(CodeInvalid, "the quota was not made by NewQuota")
			}
			defer runtime.KeepAlive(quota)
			var failure *C.claude_error_t
			return check(C.claude_config_set_quota(config, quota.handle, &failure), failure)
		},
		call: ofClients("WithSharedQuota"),
	}
}

// withModel calls use with the name of a model, NULL for "", and of a figure.
func withModel(model, name string, use func(model, name *C.char) error) error {
	return withTexts(name, "the name of a limit", orNil(model), "the model",
		func(name, model *C.char) error { return use(model, name) })
}

// SetLimit sets a limit, also while calls are under way: "daily_requests", "daily_tokens", "daily_cost" (nano-dollars),
// "monthly_requests", "monthly_tokens", "monthly_cost"; 0 is no limit. Without a model ("") it is of all together.
func (q *Quota) SetLimit(model, name string, limit int64) error {
	defer runtime.KeepAlive(q)
	return withModel(model, name, func(model, name *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_quota_set_limit(q.handle, model, name, C.int64_t(limit), &failure), failure)
	})
}

// LoadLimits sets limits from whatever encoding/json makes an object of, all of them or none: the names of SetLimit, and
// "models", an object of such objects by the models' names. Costs are in dollars here.
func (q *Quota) LoadLimits(limits any) error {
	defer runtime.KeepAlive(q)
	text, err := encode(required(limits))
	if err != nil {
		return err
	}
	var failure *C.claude_error_t
	return check(C.claude_quota_load_limits(q.handle, asCText(text), C.size_t(len(text)), &failure), failure)
}

// figure asks for a figure; negative for a name with a NUL.
func (q *Quota) figure(model, name string, ask func(model, name *C.char) C.int64_t) int64 {
	defer runtime.KeepAlive(q)
	found := C.int64_t(-1)
	_ = withModel(model, name, func(model, name *C.char) error {
		found = ask(model, name)
		return nil
	})
	return int64(found)
}

// Limit is a limit; 0 is none. Negative for a name that is none.
func (q *Quota) Limit(model, name string) int64 {
	return q.figure(model, name, func(model, name *C.char) C.int64_t { return C.claude_quota_limit(q.handle, model, name) })
}

// Remaining is what a limit has left, without what is reserved. Negative: there is no limit, or no such name.
func (q *Quota) Remaining(model, name string) int64 {
	return q.figure(model, name, func(model, name *C.char) C.int64_t {
		return C.claude_quota_remaining(q.handle, model, name)
	})
}

// Used is what is used: "daily_", "monthly_" or "total_" before "requests", "tokens", "input_tokens", "cache_write_tokens",
// "cache_read_tokens", "output_tokens", "cost", "estimated" or "unpriced"; "reserved_requests", "reserved_tokens",
// "reserved_cost"; "refused". Negative for a name that is none.
func (q *Quota) Used(model, name string) int64 {
	return q.figure(model, name, func(model, name *C.char) C.int64_t { return C.claude_quota_usage(q.handle, model, name) })
}

// ResetAt is when the limits of a day ("daily") or of a month ("monthly") begin anew; the zero time for another name.
func (q *Quota) ResetAt(name string) time.Time {
	at := q.figure("", name, func(_, name *C.char) C.int64_t { return C.claude_quota_reset_at_ms(q.handle, name) })
	if at < 0 {
		return time.Time{}
	}
	return time.UnixMilli(at)
}

// Models are the models that the quota knows: those that have limits or were used.
func (q *Quota) Models() []string {
	defer runtime.KeepAlive(q)
	all := make([]string, int(C.claude_quota_model_count(q.handle)))
	for i := range all {
		all[i] = C.GoString(C.claude_quota_model_at(q.handle, C.size_t(i)))
	}
	return all
}

// Record checks and counts at once: a request of so many tokens. Without room for it the error is [CodeQuota], and nothing
// was counted. Calls of a client do this by themselves.
func (q *Quota) Record(model string, inputTokens, outputTokens int64) error {
	defer runtime.KeepAlive(q)
	return withOptionalText(model, "the model", func(model *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_quota_record_usage(q.handle, model, C.int64_t(inputTokens), C.int64_t(outputTokens), &failure)
		return check(code, failure)
	})
}

// withOptionalText calls use with a text for C, NULL for "".
func withOptionalText(text, what string, use func(*C.char) error) error {
	if text == "" {
		return use(nil)
	}
	return withTexts(text, what, nil, "", func(text, _ *C.char) error { return use(text) })
}

// Add counts what was used already, whatever the limits say: a message or its usage. Without a model ("") it is the one that
// the message names. Say inBatch for a result of a batch, which costs half.
func (q *Quota) Add(model string, messageOrUsage any, inBatch bool) error {
	defer runtime.KeepAlive(q)
	text, err := usageText(messageOrUsage)
	if err != nil {
		return err
	}
	return withOptionalText(model, "the model", func(model *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_quota_add_json(q.handle, model, asCText(text), C.size_t(len(text)), batchFlag(inBatch), &failure)
		return check(code, failure)
	})
}

// usageText is a message as it was received, or what encoding/json makes of anything else.
func usageText(messageOrUsage any) ([]byte, error) {
	switch given := messageOrUsage.(type) {
	case *Message:
		if given != nil && given.Response != nil {
			return []byte(given.json), nil
		}
	case *Response:
		if given != nil {
			return []byte(given.json), nil
		}
	default:
		return encode(required(given))
	}
	return nil, fail(CodeInvalid, "the message is nil")
}

func batchFlag(inBatch bool) C.uint32_t {
	if inBatch {
		return C.CLAUDE_COST_BATCH
	}
	return 0
}

// A QuotaReservation is room that was taken for a request. End it with Settle, SettleWith or Release; one that was forgotten
// is settled as reserved.
type QuotaReservation struct {
	handle *C.claude_quota_reservation_t
}

// Reserve takes room for a request that is going to be made, with as many tokens as there may be.
func (q *Quota) Reserve(model string, inputTokens, outputTokens int64) (*QuotaReservation, error) {
	defer runtime.KeepAlive(q)
	reservation := &QuotaReservation{}
	err := withOptionalText(model, "the model", func(model *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_quota_reserve(q.handle, model, C.int64_t(inputTokens), C.int64_t(outputTokens),
			&reservation.handle, &failure)
		return check(code, failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(reservation, func(r *QuotaReservation) { C.claude_quota_reservation_unref(r.handle) })
	return reservation, nil
}

// Settle ends a reservation with so many tokens that were used; negative: as reserved, counted as estimated. One that has
// ended already is left alone.
func (r *QuotaReservation) Settle(inputTokens, outputTokens int64) {
	C.claude_quota_reservation_settle(r.handle, C.int64_t(inputTokens), C.int64_t(outputTokens))
	runtime.KeepAlive(r)
}

// SettleWith ends a reservation with a message or its usage, see [Quota.Add]. After an error it has not ended.
func (r *QuotaReservation) SettleWith(messageOrUsage any, inBatch bool) error {
	defer runtime.KeepAlive(r)
	text, err := usageText(messageOrUsage)
	if err != nil {
		return err
	}
	var failure *C.claude_error_t
	code := C.claude_quota_reservation_settle_json(r.handle, asCText(text), C.size_t(len(text)), batchFlag(inBatch), &failure)
	return check(code, failure)
}

// Release gives a reservation back: nothing was sent.
func (r *QuotaReservation) Release() {
	C.claude_quota_reservation_release(r.handle)
	runtime.KeepAlive(r)
}

// Export is all of it as JSON, as it is now: for monitoring, and for [Quota.Import]. docs/quotas.md has its members.
func (q *Quota) Export() (json.RawMessage, error) {
	defer runtime.KeepAlive(q)
	var lent *C.claude_response_t
	var failure *C.claude_error_t
	if err := check(C.claude_quota_export_json(q.handle, &lent, &failure), failure); err != nil {
		return nil, err
	}
	defer C.claude_response_unref(lent)
	return bytesOf(lent), nil
}

// bytesOf copies the content of what the library lends.
func bytesOf(lent *C.claude_response_t) []byte {
	var length C.size_t
	text := C.claude_response_json(lent, &length)
	return copyBytes(pointer(text), length)
}

// Import goes on with what was exported, in place of what was used here until now; limits and reservations stay as they are.
// A text that is not right is refused as a whole.
func (q *Quota) Import(exported []byte) error {
	defer runtime.KeepAlive(q)
	var failure *C.claude_error_t
	return check(C.claude_quota_import_json(q.handle, asCText(exported), C.size_t(len(exported)), &failure), failure)
}
