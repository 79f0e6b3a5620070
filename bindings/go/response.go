package claude

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// A Response is an answer of the API: its body as it was received and, for a stream, the message put together from it.
// It never changes, and any number of goroutines may use it.
type Response struct {
	status    int
	json      string
	requestID string
	headers   string
}

// copyResponse makes a Response of one that the library lends.
func copyResponse(lent *C.claude_response_t) *Response {
	var measured C.claude_go_answer
	C.claude_go_measure(lent, &measured)
	size := measured.json_len + measured.request_id_len + measured.headers_len
	bytes := make([]byte, size+1)
	C.claude_go_copy(lent, &measured, (*C.char)(unsafe.Pointer(&bytes[0])))
	runtime.KeepAlive(bytes)
	all := asString(bytes[:size])
	idAt, headersAt := measured.json_len, measured.json_len+measured.request_id_len
	return &Response{int(measured.status), all[:idAt], all[idAt:headersAt], all[headersAt:]}
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
