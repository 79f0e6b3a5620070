package claude

// #include "glue.h"
import "C"

import "runtime"

// A Refusal is why the model did not answer. What the server did not say is "".
type Refusal struct {
	Category         string // "cyber", "bio", ...
	Explanation      string
	RecommendedModel string
}

// Refusal is why the model did not answer, nil if it did.
func (m *Message) Refusal() (refusal *Refusal) {
	_ = m.lend(func(lent *C.claude_response_t) error {
		if C.claude_response_is_refusal(lent) == 1 {
			refusal = &Refusal{
				Category:         C.GoString(C.claude_response_refusal_category(lent)),
				Explanation:      C.GoString(C.claude_response_refusal_explanation(lent)),
				RecommendedModel: C.GoString(C.claude_response_recommended_model(lent)),
			}
		}
		return nil
	})
	return refusal
}

// ToolUses are the blocks that ask for a tool to be run.
func (m *Message) ToolUses() []ContentBlock {
	var uses []ContentBlock
	for _, block := range m.Content() {
		if block.Type == "tool_use" {
			uses = append(uses, block)
		}
	}
	return uses
}

// ContainerID is the container that code ran in, "" if there was none.
func (m *Message) ContainerID() (id string) {
	_ = m.lend(func(lent *C.claude_response_t) error {
		id = C.GoString(C.claude_response_container_id(lent))
		return nil
	})
	return id
}

// CacheHitRatio is the share of the prompt that was read from the cache, 0 to 1; negative if it is not known.
func (m *Message) CacheHitRatio() float64 {
	ratio := C.double(-1)
	_ = m.lend(func(lent *C.claude_response_t) error {
		ratio = C.claude_response_cache_hit_ratio(lent)
		return nil
	})
	return float64(ratio)
}

// CacheMissReason is why the prompt was not found in the cache, where diagnostics were asked for; else "".
func (m *Message) CacheMissReason() (reason string) {
	_ = m.lend(func(lent *C.claude_response_t) error {
		reason = C.GoString(C.claude_response_cache_miss_reason(lent))
		return nil
	})
	return reason
}

// PartialJSON is the input of a tool while it is still coming: JSON in pieces, and at any time the document so far. One
// goroutine at a time may use it.
type PartialJSON struct{ handle *C.claude_partial_t }

// NewPartialJSON begins a document.
func NewPartialJSON() (*PartialJSON, error) {
	partial := &PartialJSON{}
	var failure *C.claude_error_t
	if err := check(C.claude_partial_new(-1, &partial.handle, &failure), failure); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(partial, func(partial *PartialJSON) { C.claude_partial_unref(partial.handle) })
	return partial, nil
}

// Add adds the next piece, such as the Text of an [EventInputJSONDelta]. What can never become JSON is an error.
func (p *PartialJSON) Add(piece string) error {
	defer runtime.KeepAlive(p)
	var failure *C.claude_error_t
	bytes := asBytes(piece)
	return check(C.claude_partial_add(p.handle, asCText(bytes), C.size_t(len(bytes)), &failure), failure)
}

// JSON is the document so far, with open brackets closed and without what is not complete; "" if no value has begun.
func (p *PartialJSON) JSON() string {
	defer runtime.KeepAlive(p)
	var length C.size_t
	text := C.claude_partial_json(p.handle, &length)
	return C.GoStringN(text, C.int(length))
}

// IsComplete says whether the value has come to its end.
func (p *PartialJSON) IsComplete() bool {
	defer runtime.KeepAlive(p)
	return C.claude_partial_is_complete(p.handle) == 1
}
