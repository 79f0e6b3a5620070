package claude

// #include "glue.h"
import "C"

import (
	"context"
	"runtime"
)

// A Client is configuration, key and connections. Any number of goroutines may use it at once.
//
// Make it with [NewClient], [FromEnv] or [FromWorkspace], and close it when it is no longer needed.
type Client struct {
	// Messages is the Messages API.
	Messages MessageService
	// Models are the models that there are.
	Models ModelService
	// Files are files kept by the API.
	Files FileService
	// Skills are skills kept by the API.
	Skills SkillService
	owner  *owner
}

// An owner holds the engine for a client and its streams: when nobody has it any more the engine is closed.
type owner struct{ engine *engine }

// MessageService is the Messages API, the field Messages of a [Client].
type MessageService struct {
	// Batches are batches of messages.
	Batches BatchService
	owner   *owner
}

// minimumVersion is the oldest library that has all that this package calls.
const minimumVersion = 0x000800

// Version is the version of the library that was loaded.
func Version() string { return C.GoString(C.claude_version_string()) }

// BuildInfo is a JSON object that says what the library was built with and runs with, for bug reports.
func BuildInfo() string { return C.GoString(C.claude_build_info()) }

func checkVersion(loaded uint32) error {
	if loaded < minimumVersion {
		return fail(CodeUnsupported, "libclaude %s is too old: this package needs %d.%d.%d or newer", Version(),
			minimumVersion>>16, minimumVersion>>8&0xff, minimumVersion&0xff)
	}
	return nil
}

// NewClient makes a client of what it is given, and of nothing else.
func NewClient(options ...Option) (*Client, error) {
	return newClient(options, func(c *C.claude_config_t, out **C.claude_client_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_client_new(c, out, err)
	})
}

// FromEnv makes a client from ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and their relatives; options win over them.
func FromEnv(options ...Option) (*Client, error) {
	return newClient(options, func(c *C.claude_config_t, out **C.claude_client_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_client_from_env(c, out, err)
	})
}

// FromWorkspace makes a client with the key of the workspace, the line `export ANTHROPIC_API_KEY="..."` in
// secret/-secrets.sh; a key among the options wins.
func FromWorkspace(options ...Option) (*Client, error) {
	return newClient(options, func(c *C.claude_config_t, out **C.claude_client_t, err **C.claude_error_t) C.claude_code_t {
		return C.claude_client_from_workspace(c, out, err)
	})
}

type clientMaker func(*C.claude_config_t, **C.claude_client_t, **C.claude_error_t) C.claude_code_t

func newClient(options []Option, make clientMaker) (*Client, error) {
	if err := checkVersion(uint32(C.claude_version())); err != nil {
		return nil, err
	}
	var handle *C.claude_client_t
	provider, options := ownProvider(options)
	err := configured(options, func(config *C.claude_config_t) error {
		var failure *C.claude_error_t
		if err := provider.learn(config); err != nil {
			return err
		}
		return check(make(config, &handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	own := &owner{newEngine(handle)}
	own.engine.adopt(options)
	runtime.SetFinalizer(own, func(own *owner) { go own.engine.close() })
	return &Client{
		Messages: MessageService{BatchService{own}, own},
		Models:   ModelService{own},
		Files:    FileService{own},
		Skills:   SkillService{SkillVersionService{own}, own},
		owner:    own,
	}, nil
}

// configured calls use with a configuration made of options of clients.
func configured(options []Option, use func(*C.claude_config_t) error) error {
	var config *C.claude_config_t
	var failure *C.claude_error_t
	if err := check(C.claude_config_new(&config, &failure), failure); err != nil {
		return err
	}
	defer C.claude_config_unref(config)
	for _, option := range options {
		if option.client == nil {
			return fail(CodeInvalid, "an option is empty: use the functions With...")
		}
		if err := option.client(config); err != nil {
			return err
		}
	}
	return use(config)
}

// lend calls use with the library's client.
func (o *owner) lend(use func(*C.claude_client_t) error) error {
	if o == nil {
		return errNoClient()
	}
	defer runtime.KeepAlive(o)
	o.engine.gate.Lock()
	defer o.engine.gate.Unlock()
	if o.engine.client == nil {
		return errGone()
	}
	return use(o.engine.client)
}

// Close ends the calls that are running, with [CodeCanceled], and lets go of the connections. Further calls are refused.
func (c *Client) Close() error {
	if c == nil || c.owner == nil {
		return nil
	}
	runtime.SetFinalizer(c.owner, nil)
	c.owner.engine.close()
	return nil
}

// New sends a message and waits for the answer.
//
// Params is a [MessageParams], a map, a struct, or whatever else encoding/json makes an object of; a [json.RawMessage]
// is sent byte for byte. The end of ctx ends the call at once.
func (s MessageService) New(ctx context.Context, params any, options ...Option) (*Message, error) {
	response, err := s.owner.execute(ctx, messageSource(params), options)
	if err != nil {
		return nil, err
	}
	return &Message{Response: response}, nil
}

// CountTokens counts the tokens of a message without sending it to the model. The parameters are those of the message:
// what counting does not take, such as max_tokens, is left out.
func (s MessageService) CountTokens(ctx context.Context, params any, options ...Option) (*TokenCount, error) {
	response, err := s.owner.execute(ctx, countSource(params), options)
	if err != nil {
		return nil, err
	}
	var counted struct {
		InputTokens int64 `json:"input_tokens"`
	}
	if err := response.Decode(&counted); err != nil {
		return nil, fail(CodeProtocol, "the answer is no count of tokens: %v", err)
	}
	return &TokenCount{response, counted.InputTokens}, nil
}

// countSource is that of a message, turned into the request that counts its tokens.
func countSource(params any) source {
	return func() (maker, error) {
		make, err := messageSource(params)()
		if err != nil {
			return nil, err
		}
		return func() (*C.claude_request_t, error) {
			message, err := make()
			if err != nil {
				return nil, err
			}
			defer C.claude_request_unref(message)
			var request *C.claude_request_t
			var failure *C.claude_error_t
			return request, check(C.claude_count_tokens_request(message, &request, &failure), failure)
		}, nil
	}
}

// NewStreaming sends a message and streams the answer. What goes wrong, the start included, is told by [Stream.Err].
// Close the stream when you are done with it; the end of ctx ends it at once.
func (s MessageService) NewStreaming(ctx context.Context, params any, options ...Option) *Stream {
	return s.owner.stream(ctx, messageSource(params), options)
}

func messageSource(params any) source {
	return Request{Endpoint: "messages.create", Body: required(params)}.source()
}

func errNoClient() error {
	return fail(CodeInvalid, "the client was not made by NewClient, FromEnv or FromWorkspace")
}

// start sends a request.
func (o *owner) start(ctx context.Context, from source, options []Option, stream bool) (*call, error) {
	if o == nil {
		return nil, errNoClient()
	}
	if ctx == nil {
		return nil, fail(CodeInvalid, "the context is nil")
	}
	if ctx.Err() != nil {
		return nil, ended(ctx, fail(CodeCanceled, "the context had ended before anything was sent"))
	}
	o.engine.watcher.raiseLost()
	o.engine.logger.raise()
	request, err := from()
	if err == nil {
		err = o.engine.provider.ensure(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	started, err := o.engine.start(ctx, request, options, stream)
	runtime.KeepAlive(o)
	if err != nil {
		o.engine.raise()
	}
	o.engine.tell()
	return started, err
}

// execute sends a request and waits for the answer.
func (o *owner) execute(ctx context.Context, from source, options []Option) (*Response, error) {
	started, err := o.start(ctx, from, options, false)
	if err != nil {
		return nil, err
	}
	defer started.release()
	for done := ctx.Done(); !started.isOver(); {
		select {
		case <-started.wake:
		case <-done:
			started.cancel()
			done = nil
		}
	}
	started.observed.raise()
	o.engine.raise()
	response, err := started.result()
	o.engine.tell()
	runtime.KeepAlive(o)
	if err == nil {
		response.tell(options)
	}
	return response, err
}

// stream sends a request and takes the answer piece by piece.
func (o *owner) stream(ctx context.Context, from source, options []Option) *Stream {
	started, err := o.start(ctx, from, options, true)
	return newStream(o, started, err)
}
