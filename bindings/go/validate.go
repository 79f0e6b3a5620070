package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"runtime"
)

// A Problem is something in a request that the API would refuse.
type Problem struct {
	// Code is a word for programs: "tool_name_pattern". docs/validation.md lists them.
	Code string `json:"code"`
	// Field is a JSON pointer into the body: "/tools/3/name".
	Field string `json:"field"`
	// Value, Constraint and Fix are for people: what is wrong, what would be right, what to do.
	Value      string `json:"value"`
	Constraint string `json:"constraint"`
	Fix        string `json:"fix"`
	// Tool is the name of the tool that the problem is about, "" if there is none.
	Tool string `json:"tool"`
	// Message is all of it in one line.
	Message string `json:"message"`
}

// Error is the message: a Problem is an error.
func (p Problem) Error() string { return "claude: " + p.Message }

// Validate finds all that the API is known to refuse in a message that New is to send, without sending anything. At most
// 1,000 problems are listed; none is a good message. The error is why it could not be looked at.
func (s MessageService) Validate(params any, options ...Option) ([]Problem, error) {
	return s.owner.validate(messageSource(params), options, false)
}

// ValidateStreaming is Validate for [MessageService.NewStreaming].
func (s MessageService) ValidateStreaming(params any, options ...Option) ([]Problem, error) {
	return s.owner.validate(messageSource(params), options, true)
}

// Validate is [MessageService.Validate] for any request that [Client.Do] is to send.
func (c *Client) Validate(request Request, options ...Option) ([]Problem, error) {
	return c.own().validate(request.source(), request.options(options), false)
}

func (o *owner) validate(from source, options []Option, stream bool) ([]Problem, error) {
	if o == nil {
		return nil, errNoClient()
	}
	make, err := from()
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(o)
	o.engine.gate.Lock()
	defer o.engine.gate.Unlock()
	if o.engine.client == nil {
		return nil, errGone()
	}
	request, err := make.applied(options, stream)
	if err != nil {
		return nil, err
	}
	defer C.claude_request_unref(request)
	flags := C.uint32_t(0)
	if stream {
		flags = C.CLAUDE_STREAM
	}
	var found *C.claude_problems_t
	var failure *C.claude_error_t
	code := C.claude_client_validate(o.engine.client, request, flags, &found, &failure)
	if err := check(code, failure); err != nil || found == nil {
		return nil, err
	}
	defer C.claude_problems_unref(found)
	var length C.size_t
	text := C.claude_problems_json(found, &length)
	if text == nil {
		return nil, fail(CodeNoMemory, "no memory for the problems")
	}
	var problems []Problem
	err = json.Unmarshal(C.GoBytes(pointer(text), C.int(length)), &problems)
	return problems, err
}
