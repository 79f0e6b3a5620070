package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"unsafe"
)

// A Tool is a function that the model may ask for. It can stand among the Tools of [MessageParams], too.
type Tool struct {
	name       string
	definition json.RawMessage
	schema     json.RawMessage
	run        func(ctx context.Context, input json.RawMessage) (any, error)
	err        error
}

// NewTool makes a tool of a function. What it takes is described by the schema of In, see [SchemaOf], and checked against
// it. What it returns is a text, a [Block], or anything that JSON can say; an error is told to the model, which can go on
// from it.
func NewTool[In any](name, description string, run func(ctx context.Context, input In) (any, error)) Tool {
	schema, err := SchemaOf[In]()
	definition := map[string]any{"name": name, "description": description, "input_schema": schema}
	tool := RawTool(definition, func(ctx context.Context, input json.RawMessage) (any, error) {
		var given In
		if err := json.Unmarshal(input, &given); err != nil {
			return nil, err
		}
		return run(ctx, given)
	})
	tool.schema = schema
	if err != nil {
		tool.err = err
	}
	return tool
}

// RawTool makes a tool of a definition that is whatever encoding/json makes one of, with a function that takes its input
// as JSON.
func RawTool(definition any, run func(ctx context.Context, input json.RawMessage) (any, error)) Tool {
	tool := Tool{run: run}
	tool.definition, tool.err = encode(required(definition))
	var members struct{ Name string }
	if tool.err == nil {
		tool.err = json.Unmarshal(tool.definition, &members)
	}
	tool.name = members.Name
	return tool
}

// MarshalJSON writes the tool's definition.
func (t Tool) MarshalJSON() ([]byte, error) {
	if t.err != nil || t.definition == nil {
		return nil, t.problem()
	}
	return t.definition, nil
}

func (t Tool) problem() error {
	if t.err != nil {
		return fail(CodeInvalid, "tool %q: %v", t.name, t.err)
	}
	if t.definition == nil || t.run == nil {
		return fail(CodeInvalid, "the tool was not made by NewTool or RawTool, or has no function")
	}
	return nil
}

// call runs the tool.
func (t Tool) call(ctx context.Context, input json.RawMessage) toolResult {
	var result any
	var err error
	if t.schema != nil {
		err = CheckSchema(t.schema, input)
	}
	if err == nil {
		result, err = t.run(ctx, input)
	}
	return newToolResult(result, err)
}

// A toolResult is what the model is told: a text, or a block.
type toolResult struct {
	text  []byte
	block []byte
	files []*File
	err   error
}

func newToolResult(result any, err error) toolResult {
	if err == nil {
		switch given := result.(type) {
		case nil:
			return toolResult{}
		case string:
			return toolResult{text: []byte(given)}
		case Block:
			var block []byte
			if block, err = encode(given); err == nil {
				return toolResult{block: block, files: filesIn(given)}
			}
		case []Block:
			err = fail(CodeUnsupported, "a tool can return one block, not a list of them")
		default:
			var text []byte
			if text, err = encode(given); err == nil {
				return toolResult{text: text}
			}
		}
	}
	var own *Error
	if errors.As(err, &own) {
		return toolResult{text: []byte(own.Message), err: err}
	}
	return toolResult{text: []byte(err.Error()), err: err}
}

// A ToolRunner is a conversation with tools: it sends the messages, runs the tools that the model asks for, and sends their
// results, until the model is done:
//
//	runner, err := client.Messages.NewToolRunner(params, tools)
//	if err != nil { ... }
//	defer runner.Close()
//	for runner.Next(ctx) {
//		fmt.Println(runner.Message().Text())
//	}
//	if err := runner.Err(); err != nil { ... }
//
// One goroutine at a time may use it. While it waits for a message it needs a thread.
type ToolRunner struct {
	mu       sync.Mutex
	owner    *owner
	handle   *C.claude_runner_t
	tools    map[string]Tool
	parallel bool
	observed *observed
	events   *sink
	onEvent  func(Event)
	message  *Message
	over     bool
	err      error
}

// NewToolRunner makes a runner. Params are as those of [MessageService.New]; the tools are added to those they name.
func (s MessageService) NewToolRunner(params any, tools []Tool, options ...Option) (*ToolRunner, error) {
	return s.owner.newRunner(params, tools, options, nil)
}

// NewToolRunnerStreaming makes a runner whose messages are streamed: each event is given to a function, in the goroutine
// that waits in [ToolRunner.Next].
func (s MessageService) NewToolRunnerStreaming(params any, tools []Tool, onEvent func(Event),
	options ...Option) (*ToolRunner, error) {
	if onEvent == nil {
		return nil, fail(CodeInvalid, "the function for events is nil")
	}
	return s.owner.newRunner(params, tools, options, onEvent)
}

func (o *owner) newRunner(params any, tools []Tool, options []Option, onEvent func(Event)) (*ToolRunner, error) {
	if o == nil {
		return nil, errNoClient()
	}
	defer runtime.KeepAlive(o)
	runner := &ToolRunner{owner: o, tools: map[string]Tool{}, onEvent: onEvent}
	make, err := messageSource(params)()
	if err != nil {
		return nil, err
	}
	o.engine.gate.Lock()
	defer o.engine.gate.Unlock()
	if o.engine.client == nil {
		return nil, errGone()
	}
	request, err := make.applied(options, onEvent != nil)
	if err != nil {
		return nil, err
	}
	defer C.claude_request_unref(request)
	for _, tool := range tools {
		if err := tool.problem(); err != nil {
			return nil, err
		}
		if err := setField(request, "/tools/-", tool.definition); err != nil {
			return nil, err
		}
	}
	if err := runner.begin(request, flagsOf(options, onEvent != nil)); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(runner, func(runner *ToolRunner) { go runner.Close() })
	for _, tool := range tools {
		if err := runner.offer(tool); err != nil {
			return nil, err
		}
	}
	return runner, nil
}

// begin makes the library's runner.
func (r *ToolRunner) begin(request *C.claude_request_t, flags C.uint32_t) error {
	var failure *C.claude_error_t
	if r.onEvent != nil {
		r.events = &sink{}
		code := C.claude_go_on_event(request, C.uintptr_t(cgo.NewHandle(r.events)), &failure)
		if err := check(code, failure); err != nil {
			return err
		}
	}
	code := C.claude_runner_new(r.owner.engine.client, request, flags, &r.handle, &failure)
	if err := check(code, failure); err != nil {
		return err
	}
	r.observed = r.owner.engine.watcher.watch(context.Background())
	r.observed.begin(unsafe.Pointer(r.handle))
	return nil
}

// offer says that calls of a tool are answered by this package.
func (r *ToolRunner) offer(tool Tool) error {
	return withTexts(tool.name, "the name of a tool", nil, "", func(name, _ *C.char) error {
		r.tools[tool.name] = tool
		var failure *C.claude_error_t
		return check(C.claude_runner_on_tool(r.handle, name, nil, nil, nil, &failure), failure)
	})
}

func setField(request *C.claude_request_t, where string, value []byte) error {
	return withTexts(where, "the place", nil, "", func(where, _ *C.char) error {
		var failure *C.claude_error_t
		code := C.claude_request_set_field(request, where, asCText(value), C.size_t(len(value)), &failure)
		return check(code, failure)
	})
}

// SetMaxTurns sets how many messages of the model there may be, 10 unless it is set; 0 is no limit.
func (r *ToolRunner) SetMaxTurns(turns int) error {
	return r.with(func() error {
		var failure *C.claude_error_t
		return check(C.claude_runner_set_max_turns(r.handle, C.int32_t(turns), &failure), failure)
	})
}

// SetParallel has the tools that one message asks for run at once, in goroutines of their own, or one after the other, as
// they do unless it is set.
func (r *ToolRunner) SetParallel(parallel bool) { r.parallel = parallel }

// Next runs the tools that the last message has asked for, and waits for the next message. False is the end: Err says
// whether it was a good one. After an error Next can be called again: the conversation is what it was.
//
// The end of ctx ends the waiting; a message under way goes on with the next Next. Close ends it on the wire.
func (r *ToolRunner) Next(ctx context.Context) bool {
	found := false
	r.err = r.with(func() (err error) {
		if ctx == nil {
			return fail(CodeInvalid, "the context is nil")
		}
		if r.over {
			return nil
		}
		if err = r.answer(ctx); err == nil {
			found, err = r.step(ctx)
		}
		return err
	})
	return found
}

// Message is the message that Next has found, also after the end; nil before the first.
func (r *ToolRunner) Message() *Message { return r.message }

// Err is why the runner stopped; nil if the model is done.
func (r *ToolRunner) Err() error { return r.err }

// Run goes on until the model is done, and returns its last message.
func (r *ToolRunner) Run(ctx context.Context) (*Message, error) {
	var last *Message
	for r.Next(ctx) {
		last = r.message
	}
	return last, r.err
}

// Conversation is the request's body as it is now: with all messages and results so far.
func (r *ToolRunner) Conversation() (body json.RawMessage, err error) {
	err = r.with(func() error {
		var length C.size_t
		text := C.claude_request_json(C.claude_runner_request(r.handle), &length)
		body = C.GoBytes(pointer(text), C.int(length))
		return nil
	})
	return body, err
}

// Add appends messages to the conversation, so that it goes on after its end.
func (r *ToolRunner) Add(messages ...MessageParam) error {
	return r.with(func() error {
		request := C.claude_runner_request(r.handle)
		for _, message := range messages {
			text, err := encode(message)
			if err != nil {
				return err
			}
			if err = attach(request, filesIn(message)); err != nil {
				return err
			}
			if err = setField(request, "/messages/-", text); err != nil {
				return err
			}
		}
		var failure *C.claude_error_t
		if err := check(C.claude_runner_resume(r.handle, &failure), failure); err != nil {
			return err
		}
		r.over = false
		return nil
	})
}

// Close ends the runner, and a message that is under way.
func (r *ToolRunner) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	runtime.SetFinalizer(r, nil)
	handle := r.handle
	r.handle = nil
	C.claude_go_close(handle)
	r.observed.end(unsafe.Pointer(handle))
	return nil
}

// with does something with the handle.
func (r *ToolRunner) with(do func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer runtime.KeepAlive(r)
	if r.handle == nil {
		return fail(CodeState, "the runner has been closed")
	}
	return do()
}

// A wait is cut into slices, between which the context is looked at and events are handed on.
const sliceMS = 20

// step waits for the next message, and says whether there is one.
func (r *ToolRunner) step(ctx context.Context) (bool, error) {
	if r.observed != nil {
		r.observed.ctx = ctx
		defer r.observed.raise()
	}
	if p := r.owner.engine.provider; p != nil && ctx.Err() == nil {
		if err := p.ensure(ctx, r.owner); err != nil {
			return false, err
		}
		p.enter(unsafe.Pointer(r.handle), ctx)
		defer p.leave(unsafe.Pointer(r.handle))
	}
	for {
		if ctx.Err() != nil {
			return false, ended(ctx, fail(CodeCanceled, ""))
		}
		select {
		case <-r.owner.engine.gone:
			return false, errClosed
		default:
		}
		var message *C.claude_response_t
		var failure *C.claude_error_t
		code := C.claude_go_step(r.handle, sliceMS, &message, &failure)
		r.owner.engine.raise()
		r.owner.engine.tell()
		r.handOn()
		if code == 0 {
			continue
		}
		if err := check(code, failure); err != nil {
			return false, r.owner.engine.provider.blame(err)
		}
		r.over = code == C.CLAUDE_DONE
		r.message = &Message{Response: copyResponse(message)}
		C.claude_response_unref(message)
		return true, nil
	}
}

// handOn gives the program the events that have come.
func (r *ToolRunner) handOn() {
	if r.events == nil {
		return
	}
	events := r.events.events
	r.events.events = nil
	for _, event := range events {
		r.onEvent(event)
	}
}

// A toolCall is a call that waits for its answer.
type toolCall struct {
	id, name string
	input    json.RawMessage
	result   toolResult
}

// pending are the calls that wait for an answer.
func (r *ToolRunner) pending() []*toolCall {
	var calls []*toolCall
	for i := C.size_t(0); ; i++ {
		var id, name, input *C.char
		var length C.size_t
		if C.claude_runner_pending_at(r.handle, i, &id, &name, &input, &length) == 0 {
			return calls
		}
		calls = append(calls, &toolCall{id: C.GoString(id), name: C.GoString(name),
			input: C.GoBytes(pointer(input), C.int(length))})
	}
}

// answer runs the tools that were asked for and gives their results.
func (r *ToolRunner) answer(ctx context.Context) error {
	calls := r.pending()
	var all sync.WaitGroup
	for _, call := range calls {
		call, tool := call, r.tools[call.name]
		if !r.parallel {
			if ctx.Err() == nil {
				call.result = tool.call(ctx, call.input)
			} else {
				call.result.err = ctx.Err()
			}
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			call.result = tool.call(ctx, call.input)
		}()
	}
	all.Wait()
	for _, call := range calls {
		if call.result.err != nil && ctx.Err() != nil {
			continue // it was interrupted: it runs again with the next context
		}
		if err := r.give(call); err != nil {
			return err
		}
	}
	return nil
}

// give gives the result of a call.
func (r *ToolRunner) give(call *toolCall) error {
	return withTexts(call.id, "the id of a call", nil, "", func(id, _ *C.char) error {
		var failure *C.claude_error_t
		result := &call.result
		if result.block == nil {
			isError := C.int32_t(0)
			if result.err != nil {
				isError = 1
			}
			text := []byte(strings.ToValidUTF8(string(result.text), "\ufffd"))
			code := C.claude_runner_answer(r.handle, id, asCText(text), C.size_t(len(text)), isError, &failure)
			return check(code, failure)
		}
		if err := attach(C.claude_runner_request(r.handle), result.files); err != nil {
			return err
		}
		var block *C.claude_block_t
		code := C.claude_block_json(asCText(result.block), C.size_t(len(result.block)), &block, &failure)
		if err := check(code, failure); err != nil {
			return err
		}
		defer C.claude_block_unref(block)
		return check(C.claude_runner_answer_block(r.handle, id, block, &failure), failure)
	})
}
