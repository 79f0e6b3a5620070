package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
)

// WithOutputSchema asks for an answer that is JSON of a schema: whatever encoding/json makes one of. It is changed to the
// subset that the API supports.
func WithOutputSchema(schema any) Option {
	return ofCalls("WithOutputSchema", func(request *C.claude_request_t) error {
		text, err := encode(required(schema))
		if err != nil {
			return err
		}
		var failure *C.claude_error_t
		code := C.claude_request_set_structured_output(request, asCText(text), C.size_t(len(text)), &failure)
		return check(code, failure)
	})
}

// WithOutput asks for an answer that is JSON of a type's schema, see [SchemaOf]. [Parse] reads it.
func WithOutput[T any]() Option {
	return ofCalls("WithOutput", func(request *C.claude_request_t) error {
		schema, err := SchemaOf[T]()
		if err != nil {
			return err
		}
		return WithOutputSchema(schema).call(request, false)
	})
}

// Parse reads an answer that [WithOutput] has asked for. It is checked against the type's schema. A refusal, an answer that
// was cut off and one that does not match are errors.
func Parse[T any](message *Message) (T, error) {
	var value T
	schema, err := SchemaOf[T]()
	if err == nil {
		err = message.ParseInto(schema, &value)
	}
	return value, err
}

// NewParsed sends a message, asks for an answer of a type, and reads it. The message is there also where it cannot be read.
func NewParsed[T any](ctx context.Context, client *Client, params any, options ...Option) (T, *Message, error) {
	var value T
	message, err := MessageService{owner: client.own()}.New(ctx, params, append([]Option{WithOutput[T]()}, options...)...)
	if err != nil {
		return value, nil, err
	}
	value, err = Parse[T](message)
	return value, message, err
}

// ParseInto reads an answer that is JSON of a schema into what `into` points to; see [Parse].
func (m *Message) ParseInto(schema json.RawMessage, into any) error {
	return m.lend(func(lent *C.claude_response_t) error {
		var parsed *C.claude_response_t
		var failure *C.claude_error_t
		code := C.claude_response_parse_structured(lent, asCText(schema), C.size_t(len(schema)), &parsed, &failure)
		if err := check(code, failure); err != nil {
			return err
		}
		defer C.claude_response_unref(parsed)
		if err := copyResponse(parsed).Decode(into); err != nil {
			return fail(CodeProtocol, "the answer does not fit %T: %v", into, err)
		}
		return nil
	})
}
