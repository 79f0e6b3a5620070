package claude

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// A Response is an answer of the API: its body as it was received and, for a stream, the message put together from it.
// It never changes, and any number of goroutines may use it.
type Response struct {
	status    int
	json      string
	requestID string
	report    string
	headers   string
	limits    []limitFigures
}

// limitFigures are what the headers tell of a kind of rate limits.
type limitFigures struct {
	kind    C.size_t
	figures [C.CLAUDE_GO_FIGURES]C.int64_t
}

// copyResponse makes a Response of one that the library lends.
func copyResponse(lent *C.claude_response_t) *Response {
	var measured C.claude_go_answer
	C.claude_go_measure(lent, &measured)
	size := measured.json_len + measured.request_id_len + measured.report_len + measured.headers_len
	bytes := make([]byte, size+1)
	C.claude_go_copy(lent, &measured, (*C.char)(unsafe.Pointer(&bytes[0])))
	runtime.KeepAlive(bytes)
	all := asString(bytes[:size])
	idAt, reportAt := measured.json_len, measured.json_len+measured.request_id_len
	headersAt := reportAt + measured.report_len
	response := &Response{status: int(measured.status), json: all[:idAt], requestID: all[idAt:reportAt],
		report: all[reportAt:headersAt], headers: all[headersAt:]}
	if measured.limits != 0 {
		response.limits = copyLimits(lent, measured.limits)
	}
	return response
}

func copyLimits(lent *C.claude_response_t, kinds C.uint32_t) []limitFigures {
	all := make([]limitFigures, 0, C.CLAUDE_GO_LIMITS)
	for kind := C.size_t(0); kind < C.CLAUDE_GO_LIMITS; kind++ {
		if kinds&(1<<kind) != 0 {
			all = append(all, limitFigures{kind: kind})
			C.claude_go_limit(lent, kind, &all[len(all)-1].figures[0])
		}
	}
	return all
}

// Status is the HTTP status.
func (r *Response) Status() int { return r.status }

// RequestID is what the API's support asks for; "" if the server sent none.
func (r *Response) RequestID() string { return r.requestID }

// RawJSON is the body.
func (r *Response) RawJSON() string { return r.json }

// Decode decodes the body into what v points to, as [json.Unmarshal] does.
func (r *Response) Decode(v any) error { return json.Unmarshal([]byte(r.json), v) }

// A Header is a header of an answer.
type Header struct{ Name, Value string }

// Headers are the headers as received, in order.
func (r *Response) Headers() []Header {
	var all []Header
	parts := strings.Split(r.headers, "\x00")
	for i := 0; i+1 < len(parts); i += 2 {
		all = append(all, Header{parts[i], parts[i+1]})
	}
	return all
}

// Header is the value of a header, "" if there is none. Names are compared without case; of several, the last counts.
func (r *Response) Header(name string) string {
	value := ""
	for _, header := range r.Headers() {
		if strings.EqualFold(header.Name, name) {
			value = header.Value
		}
	}
	return value
}

// Report is what happened on the way to this answer; nil for what is no answer of a call, such as a result of a batch.
func (r *Response) Report() *Report { return readReport(r.report) }

// A RateLimit is what the server says of one of its limits. A figure that it did not send is negative.
type RateLimit struct {
	Limit     int64
	Remaining int64
	// Reset is when the limit is full again, the zero time if the server did not say; ResetIn the same after the response,
	// by the server's own clock.
	Reset   time.Time
	ResetIn time.Duration
	// UsedPercent is how much of the limit is used, 0 to 100, rounded up.
	UsedPercent int
}

// RateLimits are the limits that the server has told, by their names: "requests", "tokens", "input-tokens",
// "output-tokens", "priority-input-tokens", "priority-output-tokens".
func (r *Response) RateLimits() map[string]RateLimit {
	all := map[string]RateLimit{}
	for _, told := range r.limits {
		figures := told.figures
		limit := RateLimit{Limit: int64(figures[C.CLAUDE_RATE_LIMIT_LIMIT-1]),
			Remaining: int64(figures[C.CLAUDE_RATE_LIMIT_REMAINING-1]), ResetIn: -1,
			UsedPercent: int(figures[C.CLAUDE_RATE_LIMIT_USED_PERCENT-1])}
		if reset := int64(figures[C.CLAUDE_RATE_LIMIT_RESET_MS-1]); reset >= 0 {
			limit.Reset = time.UnixMilli(reset)
			limit.ResetIn = time.Duration(figures[C.CLAUDE_RATE_LIMIT_RESET_IN_MS-1]) * time.Millisecond
		}
		if limit.Limit >= 0 || limit.Remaining >= 0 || !limit.Reset.IsZero() {
			all[C.GoString(C.claude_go_limit_name(told.kind))] = limit
		}
	}
	return all
}

// A Message is an answer of the Messages API. Its members are decoded when one is first asked for; a member that the
// server did not send, or sent as something else, is the zero value. [Response.Decode] reports what cannot be decoded.
type Message struct {
	*Response
	once    sync.Once
	members struct {
		ID           string          `json:"id"`
		Type         string          `json:"type"`
		Role         string          `json:"role"`
		Model        string          `json:"model"`
		StopReason   string          `json:"stop_reason"`
		StopSequence string          `json:"stop_sequence"`
		Content      json.RawMessage `json:"content"`
		Usage        Usage           `json:"usage"`
	}
	content []ContentBlock
}

func (m *Message) decode() *Message {
	m.once.Do(func() {
		_ = m.Decode(&m.members)
		if m.members.Content != nil {
			_ = json.Unmarshal(m.members.Content, &m.content)
		}
	})
	return m
}

// ID is the identifier of the message.
func (m *Message) ID() string { return m.decode().members.ID }

// Type is "message", or "error" for the body of an error.
func (m *Message) Type() string { return m.decode().members.Type }

// Role is "assistant".
func (m *Message) Role() string { return m.decode().members.Role }

// Model is the model that answered.
func (m *Message) Model() string { return m.decode().members.Model }

// StopReason is why the model stopped: "end_turn", "max_tokens", "tool_use", ...
func (m *Message) StopReason() string { return m.decode().members.StopReason }

// StopSequence is the stop sequence that was met.
func (m *Message) StopSequence() string { return m.decode().members.StopSequence }

// Usage is what the message cost.
func (m *Message) Usage() Usage { return m.decode().members.Usage }

// Content are the blocks of the message. They are shared: do not change them.
func (m *Message) Content() []ContentBlock { return m.decode().content }

// Text is all text of the message, joined.
func (m *Message) Text() string {
	var text strings.Builder
	for _, block := range m.Content() {
		if block.Type == "text" {
			text.WriteString(block.Text)
		}
	}
	return text.String()
}

// Param is the message as one of the next request's, its content byte for byte.
func (m *Message) Param() MessageParam {
	return MessageParam{Role: m.Role(), Content: m.decode().members.Content}
}

// Usage counts tokens.
type Usage struct {
	InputTokens              int64 `json:"input_tokens"`
	OutputTokens             int64 `json:"output_tokens"`
	CacheCreationInputTokens int64 `json:"cache_creation_input_tokens"`
	CacheReadInputTokens     int64 `json:"cache_read_input_tokens"`
}

// A ContentBlock is a part of a message. Which members it has depends on its type; RawJSON has all of them.
type ContentBlock struct {
	Type      string
	Text      string          // text
	Thinking  string          // thinking
	Signature string          // thinking
	ID        string          // tool_use
	Name      string          // tool_use
	Input     json.RawMessage // tool_use
	raw       string
}

// RawJSON is the block as the server spelled it.
func (b ContentBlock) RawJSON() string { return b.raw }

// UnmarshalJSON reads a block and keeps its text.
func (b *ContentBlock) UnmarshalJSON(data []byte) error {
	var members struct {
		Type      string          `json:"type"`
		Text      string          `json:"text"`
		Thinking  string          `json:"thinking"`
		Signature string          `json:"signature"`
		ID        string          `json:"id"`
		Name      string          `json:"name"`
		Input     json.RawMessage `json:"input"`
	}
	err := json.Unmarshal(data, &members)
	*b = ContentBlock{members.Type, members.Text, members.Thinking, members.Signature, members.ID, members.Name,
		members.Input, string(data)}
	return err
}

// MarshalJSON writes the block as the server spelled it, so that it can go into the next request.
func (b ContentBlock) MarshalJSON() ([]byte, error) {
	if b.raw == "" {
		return []byte("null"), nil
	}
	return []byte(b.raw), nil
}

// A TokenCount is how many tokens a message would have.
type TokenCount struct {
	*Response
	InputTokens int64
}

// asString is the bytes as a string, without a copy: they must not change any more.
func asString(bytes []byte) string { return *(*string)(unsafe.Pointer(&bytes)) }

func pointer(text *C.char) unsafe.Pointer { return unsafe.Pointer(text) }

func freeText(text *C.char) { C.free(pointer(text)) }

// asCText are Go's bytes for C, for the duration of one call.
func asCText(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}
