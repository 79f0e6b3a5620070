package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ModelService are the models that there are, the field Models of a [Client].
type ModelService struct{ owner *owner }

// ModelInfo is what the API tells of a model.
type ModelInfo struct {
	ID             string `json:"id"`
	Type           string `json:"type"`
	DisplayName    string `json:"display_name"`
	CreatedAt      Time   `json:"created_at"`
	MaxInputTokens int64  `json:"max_input_tokens"`
	MaxTokens      int64  `json:"max_tokens"`
	Lifecycle      string `json:"lifecycle"` // active, deprecated, retired
	DeprecatedAt   Time   `json:"deprecated_at"`
	RetiresAt      Time   `json:"retires_at"`
	Line           string `json:"line"`
	raw
}

// UnmarshalJSON reads what is told of a model and keeps its text.
func (m *ModelInfo) UnmarshalJSON(data []byte) error {
	type plain ModelInfo
	defer func() { m.raw = raw{string(data)} }()
	return json.Unmarshal(data, (*plain)(m))
}

// Get asks for a model, by its id or an alias.
func (s ModelService) Get(ctx context.Context, id string, options ...Option) (*ModelInfo, error) {
	request := Request{Endpoint: "models.retrieve", Path: map[string]string{"model_id": id}}
	return decodeAs[ModelInfo](s.owner.execute(ctx, request.source(), options))
}

// List fetches the first page of all models, the newest first. Query is nil or as that of a [Request].
func (s ModelService) List(ctx context.Context, query any, options ...Option) (*Page[ModelInfo], error) {
	return firstPage[ModelInfo](ctx, s.owner, Request{Endpoint: "models.list", Query: query}, options)
}

// ListAutoPaging goes through all models, the newest first.
func (s ModelService) ListAutoPaging(ctx context.Context, query any, options ...Option) *AutoPager[ModelInfo] {
	return autoPager[ModelInfo](ctx, s.owner, Request{Endpoint: "models.list", Query: query}, options)
}

// Choose asks for the list of models and names the first of those wanted that is available, as the API calls it.
func (s ModelService) Choose(ctx context.Context, wanted []string, options ...Option) (id string, err error) {
	page, err := s.List(ctx, map[string]int{"limit": 1000}, options...)
	if err != nil {
		return "", err
	}
	err = page.lend(func(lent *C.claude_response_t) error {
		return withTexts(strings.Join(wanted, ","), "the models wanted", nil, "", func(wanted, _ *C.char) error {
			id = C.GoString(C.claude_model_choose(lent, wanted, C.int64_t(time.Now().UnixMilli())))
			return nil
		})
	})
	if err == nil && id == "" {
		err = fail(CodeNotFound, "none of the models %s is available", strings.Join(wanted, ", "))
	}
	return id, err
}

// Supports says whether the model can do something ("image_input", "thinking/adaptive"), and whether the API tells.
func (m *ModelInfo) Supports(capability string) (can, known bool) {
	_ = m.about(capability, func(lent *C.claude_response_t, capability *C.char) error {
		answer := C.claude_model_supports(lent, nil, capability)
		can, known = answer == 1, answer >= 0
		return nil
	})
	return can, known
}

// DaysLeft says how many days are left until the model is retired, and whether that is known.
func (m *ModelInfo) DaysLeft(now time.Time) (days int64, known bool) {
	_ = m.about("", func(lent *C.claude_response_t, _ *C.char) error {
		days = int64(C.claude_model_days_left(lent, nil, C.int64_t(now.UnixMilli())))
		return nil
	})
	return days, days >= 0
}

// CheckContext checks that a prompt and its answer fit the model.
func (m *ModelInfo) CheckContext(inputTokens, maxTokens int64) error {
	return m.about("", func(lent *C.claude_response_t, _ *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_model_context_check(lent, nil, C.int64_t(inputTokens), C.int64_t(maxTokens), &failure)
		return check(code, failure)
	})
}

func (m *ModelInfo) about(what string, use func(*C.claude_response_t, *C.char) error) error {
	return (&Response{json: m.text}).lend(func(lent *C.claude_response_t) error {
		return withTexts(what, "the name of a fact", nil, "", func(what, _ *C.char) error { return use(lent, what) })
	})
}

// ---- the table ----

// A ModelTable has facts and prices of models. The zero value is the table that is built into the library; every method
// of a nil table uses that one, too. Any number of goroutines may use it.
type ModelTable struct{ handle *C.claude_models_t }

// BuiltinModels is the table that is built into the library: as old as the library is.
var BuiltinModels = &ModelTable{}

// LoadModels makes a table of the program's own, in the form of [ModelTable.JSON]; docs/models.md describes it.
func LoadModels(text []byte) (*ModelTable, error) {
	var handle *C.claude_models_t
	var failure *C.claude_error_t
	err := check(C.claude_models_load_json(asCText(text), C.size_t(len(text)), &handle, &failure), failure)
	if err != nil {
		return nil, err
	}
	table := &ModelTable{handle}
	runtime.SetFinalizer(table, func(table *ModelTable) { C.claude_models_unref(table.handle) })
	return table, nil
}

// WithModels has a client look models up in a table of the program's own.
func WithModels(table *ModelTable) Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			defer runtime.KeepAlive(table)
			var failure *C.claude_error_t
			return check(C.claude_config_set_models(config, table.models(), &failure), failure)
		},
		call: ofClients("WithModels"),
	}
}

func (t *ModelTable) models() *C.claude_models_t {
	if t == nil {
		return nil
	}
	return t.handle
}

// JSON is the whole table.
func (t *ModelTable) JSON() string {
	defer runtime.KeepAlive(t)
	return C.GoString(C.claude_models_json(t.models(), nil))
}

// IDs are the ids of all models.
func (t *ModelTable) IDs() []string {
	defer runtime.KeepAlive(t)
	all := make([]string, int(C.claude_models_count(t.models())))
	for i := range all {
		all[i] = C.GoString(C.claude_models_at(t.models(), C.size_t(i)))
	}
	return all
}

// Find is the id under which the table knows a model, "" if it does not. Aliases, dates and what platforms add are
// understood.
func (t *ModelTable) Find(model string) string {
	return t.texts(model, "", func(model, _ *C.char) *C.char { return C.claude_models_find(t.models(), model) })
}

// Text is a fact about a model that is text: "display_name", "lifecycle", "retires_at"; "" if it is not known.
func (t *ModelTable) Text(model, what string) string {
	return t.texts(model, what, func(model, what *C.char) *C.char { return C.claude_models_text(t.models(), model, what) })
}

// Int is a fact about a model that is a number, "context_window" or "max_output_tokens", and whether it is known.
func (t *ModelTable) Int(model, what string) (value int64, known bool) {
	value = -1
	t.texts(model, what, func(model, what *C.char) *C.char {
		value = int64(C.claude_models_int(t.models(), model, what))
		return nil
	})
	return value, value >= 0
}

// Deprecation is a sentence that says that a model is deprecated, or a way of using it ("thinking/enabled"); "" if it is
// not.
func (t *ModelTable) Deprecation(model, feature string) string {
	return t.texts(model, feature, func(model, what *C.char) *C.char {
		if feature == "" {
			what = nil
		}
		var text *C.char
		C.claude_models_deprecation(t.models(), model, what, &text)
		return text
	})
}

// DaysLeft says how many days are left until a model is retired, and whether that is known.
func (t *ModelTable) DaysLeft(model string, now time.Time) (days int64, known bool) {
	days = -1
	t.texts(model, "", func(model, _ *C.char) *C.char {
		days = int64(C.claude_models_days_left(t.models(), model, C.int64_t(now.UnixMilli())))
		return nil
	})
	return days, days >= 0
}

// CheckContext checks that a prompt and its answer fit a model.
func (t *ModelTable) CheckContext(model string, inputTokens, maxTokens int64) error {
	defer runtime.KeepAlive(t)
	return withTexts(model, "the model", nil, "", func(model, _ *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_context_check(t.models(), model, C.int64_t(inputTokens), C.int64_t(maxTokens), &failure)
		return check(code, failure)
	})
}

// texts asks about a model. A text that C cannot say is one that the table does not know.
func (t *ModelTable) texts(model, what string, ask func(model, what *C.char) *C.char) (answer string) {
	defer runtime.KeepAlive(t)
	_ = withTexts(model, "the model", &what, "the name of a fact", func(model, what *C.char) error {
		answer = C.GoString(ask(model, what))
		return nil
	})
	return answer
}

// ---- costs ----

// A Cost is money, in whole nano-dollars: 1 US dollar is 1,000,000,000.
type Cost int64

// Dollars are US dollars.
func (c Cost) Dollars() float64 { return float64(c) / 1e9 }

// String is for people: "$0.0123".
func (c Cost) String() string {
	text := strconv.FormatFloat(c.Dollars(), 'f', 9, 64)
	whole, digits, _ := strings.Cut(text, ".")
	for len(digits) > 2 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return fmt.Sprintf("$%s.%s", whole, digits)
}

// CostOf is what a message cost, by the prices of the model that answered. Part is "" for all of it, or "input",
// "output", "cache_write", "cache_read", "server_tools", "cache_savings" (what the prompt cache has saved).
func (t *ModelTable) CostOf(message *Message, part string) (Cost, error) {
	return t.costOf(message, part, 0)
}

// CostInBatch is what a message of a batch cost, as [ModelTable.CostOf].
func (t *ModelTable) CostInBatch(message *Message, part string) (Cost, error) {
	return t.costOf(message, part, C.CLAUDE_COST_BATCH)
}

func (t *ModelTable) costOf(message *Message, part string, flags C.uint32_t) (Cost, error) {
	if message == nil || message.Response == nil {
		return 0, fail(CodeInvalid, "there is no message to be priced")
	}
	nano := C.int64_t(C.CLAUDE_COST_UNKNOWN)
	t.texts("", part, func(_, what *C.char) *C.char {
		if part == "" {
			what = nil
		}
		text := asBytes(message.json)
		nano = C.claude_cost_of_json(t.models(), nil, asCText(text), C.size_t(len(text)), flags, what)
		return nil
	})
	return costOrError(nano, message.Model())
}

// Estimate is the most that a request can cost, server tools and writing to the cache aside.
func (t *ModelTable) Estimate(model string, inputTokens, maxTokens int64) (Cost, error) {
	nano := C.int64_t(C.CLAUDE_COST_UNKNOWN)
	t.texts(model, "", func(text, _ *C.char) *C.char {
		nano = C.claude_cost_estimate(t.models(), text, C.int64_t(inputTokens), C.int64_t(maxTokens), 0)
		return nil
	})
	return costOrError(nano, model)
}

func costOrError(nano C.int64_t, model string) (Cost, error) {
	switch {
	case nano == C.CLAUDE_COST_UNPRICED:
		return 0, fail(CodeInvalid, "the table has no price for model %q", model)
	case nano < 0:
		return 0, fail(CodeInvalid, "there are no counts of tokens to be priced, or the part is not known")
	}
	return Cost(nano), nil
}
