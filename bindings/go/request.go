package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
)

// A Request is a call of any endpoint, see [Endpoints]. Only Endpoint is always needed.
type Request struct {
	// Endpoint is its name: "messages.create", "messages.batches.cancel", "beta.agents.list", ...
	Endpoint string
	// Path has the parameters of the endpoint's path: {"message_batch_id": "..."}. Values are percent-encoded.
	Path map[string]string
	// Query has the query's parameters: whatever encoding/json makes an object of. An array becomes `name[]=...` for each
	// element, an object `name[member]=...`.
	Query any
	// Body is whatever encoding/json makes an object of; a [json.RawMessage] is sent byte for byte. Nil sends none. Where
	// a [File] stands in it, the file's content in base64 is sent.
	Body any
	// Betas are names for the header anthropic-beta, beside those that the client and the endpoint have.
	Betas []string
	// Form are the parts of a form, for endpoints that take one.
	Form []FormPart
	// Files are those whose tokens stand in a Body that is a json.RawMessage.
	Files []*File
	// Headers are sent with this request.
	Headers map[string]string
	// Options are further options of this call.
	Options []Option
}

// A FormPart is a part of a form: a text or a file.
type FormPart struct {
	Name string
	Text string
	// File makes the part a file. Filename and MediaType are the file's own unless they are given; a Filename may have a
	// path in it.
	File      *File
	Filename  string
	MediaType string
}

// Do sends a request and waits for the answer. The end of ctx ends the call at once.
func (c *Client) Do(ctx context.Context, request Request, options ...Option) (*Response, error) {
	return c.own().execute(ctx, request.source(), request.options(options))
}

// Stream sends a request and takes the answer piece by piece: the events of a message, the lines of a batch's results,
// the bytes of a file. Close the stream when you are done with it.
func (c *Client) Stream(ctx context.Context, request Request, options ...Option) *Stream {
	return c.own().stream(ctx, request.source(), request.options(options))
}

// own is the client's owner, nil if there is no client.
func (c *Client) own() *owner {
	if c == nil {
		return nil
	}
	return c.owner
}

func (r Request) options(more []Option) []Option {
	return append(append([]Option{}, r.Options...), more...)
}

// A source encodes what a request needs, and says how the library's request is made of it. That is done with the
// engine's gate held.
type source func() (maker, error)

type maker func() (*C.claude_request_t, error)

func (r Request) source() source {
	return func() (maker, error) {
		body, err := encode(r.Body)
		if err != nil {
			return nil, err
		}
		query, err := encode(r.Query)
		if err != nil {
			return nil, err
		}
		files := append(filesIn(r.Body), r.Files...)
		return func() (*C.claude_request_t, error) {
			request, err := newRequest(r.Endpoint)
			if err != nil {
				return nil, err
			}
			if err = r.fill(request, body, query, files); err != nil {
				C.claude_request_unref(request)
				return nil, err
			}
			return request, nil
		}, nil
	}
}

func newRequest(endpoint string) (*C.claude_request_t, error) {
	name, err := cText(endpoint, "the name of the endpoint")
	if err != nil {
		return nil, err
	}
	defer freeText(name)
	var request *C.claude_request_t
	var failure *C.claude_error_t
	return request, check(C.claude_request_new(name, &request, &failure), failure)
}

// fill gives a request what it is to have.
func (r Request) fill(request *C.claude_request_t, body, query []byte, files []*File) error {
	var failure *C.claude_error_t
	if body != nil {
		code := C.claude_request_set_json(request, asCText(body), C.size_t(len(body)), &failure)
		if err := check(code, failure); err != nil {
			return err
		}
	}
	if query != nil {
		code := C.claude_request_set_query_json(request, asCText(query), C.size_t(len(query)), &failure)
		if err := check(code, failure); err != nil {
			return err
		}
	}
	for name, value := range r.Path {
		if err := setPath(request, name, value); err != nil {
			return err
		}
	}
	for _, beta := range r.Betas {
		if err := addBeta(request, beta); err != nil {
			return err
		}
	}
	if err := attach(request, files); err != nil {
		return err
	}
	for _, part := range r.Form {
		if err := part.add(request); err != nil {
			return err
		}
	}
	for name, value := range r.Headers {
		if err := WithHeader(name, value).call(request, false); err != nil {
			return err
		}
	}
	return nil
}

func setPath(request *C.claude_request_t, name, value string) error {
	return withTexts(name, "the name of a path parameter", &value, "the path parameter "+name,
		func(name, value *C.char) error {
			var failure *C.claude_error_t
			return check(C.claude_request_set_path(request, name, value, &failure), failure)
		})
}

func addBeta(request *C.claude_request_t, beta string) error {
	return withTexts(beta, "a beta name", nil, "", func(name, _ *C.char) error {
		var failure *C.claude_error_t
		return check(C.claude_request_add_beta(request, name, &failure), failure)
	})
}

// attach lets the files' tokens stand in the body.
func attach(request *C.claude_request_t, files []*File) error {
	for _, file := range files {
		if file == nil || file.handle == nil {
			return errNoFile()
		}
		var failure *C.claude_error_t
		code := C.claude_request_attach(request, file.handle, &failure)
		runtime.KeepAlive(file)
		if err := check(code, failure); err != nil {
			return err
		}
	}
	return nil
}

// add appends the part to the form of a request.
func (p FormPart) add(request *C.claude_request_t) error {
	if p.File == nil {
		return withTexts(p.Name, "the name of a form field", nil, "", func(name, _ *C.char) error {
			var failure *C.claude_error_t
			text := []byte(p.Text)
			code := C.claude_request_add_form_field(request, name, asCText(text), C.size_t(len(text)), &failure)
			return check(code, failure)
		})
	}
	if p.File.handle == nil {
		return errNoFile()
	}
	return withTexts(p.Name, "the name of a form field", orNil(p.Filename), "the name of a file",
		func(field, filename *C.char) error {
			return withTexts(p.MediaType, "the media type", nil, "", func(media, _ *C.char) error {
				if p.MediaType == "" {
					media = nil
				}
				var failure *C.claude_error_t
				code := C.claude_request_add_file(request, field, p.File.handle, filename, media, &failure)
				runtime.KeepAlive(p.File)
				return check(code, failure)
			})
		})
}

// orNil is nil for a text that was not given.
func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// applied makes a request and applies the options of its call.
func (make maker) applied(options []Option, stream bool) (*C.claude_request_t, error) {
	request, err := make()
	if err != nil {
		return nil, err
	}
	for _, option := range options {
		if option.call == nil {
			err = fail(CodeInvalid, "an option is empty: use the functions With...")
		} else {
			err = option.call(request, stream)
		}
		if err != nil {
			C.claude_request_unref(request)
			return nil, err
		}
	}
	return request, nil
}

// A prepared is a request of the library's that is kept, and what its calls ask for. Its memory is the collector's.
type prepared struct {
	handle   *C.claude_request_t
	features C.uint32_t
}

func keep(handle *C.claude_request_t) *prepared {
	kept := &prepared{handle: handle}
	runtime.SetFinalizer(kept, func(kept *prepared) { C.claude_request_unref(kept.handle) })
	return kept
}

// maker hands out a copy.
func (p *prepared) maker() maker {
	return func() (*C.claude_request_t, error) {
		var request *C.claude_request_t
		var failure *C.claude_error_t
		code := C.claude_request_copy(p.handle, &request, &failure)
		runtime.KeepAlive(p)
		return request, check(code, failure)
	}
}

// source is the maker, without anything to encode.
func (make maker) source() source {
	return func() (maker, error) { return make, nil }
}

// required makes nil, which would send no body, a body that is refused.
func required(params any) any {
	if params == nil {
		return json.RawMessage("null")
	}
	return params
}

// An Endpoint is what the library knows of an endpoint of the API.
type Endpoint struct {
	Name   string
	Method string
	Path   string // with its parameters in braces
	// Returns is what the API calls the answer; Answer is its form: json, message, completion, events, lines or bytes.
	Returns string
	Answer  string
	// Stability is ga, beta or legacy; Betas are the beta names that are sent, separated by commas.
	Stability string
	Betas     string
	// Paging is how a list goes on: none, page, cursor, bidirectional or report.
	Paging string
	// Body is none, json or multipart (a form).
	Body string
	// Headers are those a program may want to set, separated by spaces: workspace, user_profile, worker.
	Headers string
}

// Endpoints are all that the loaded library knows, in the order of their names.
func Endpoints() []Endpoint {
	var all []Endpoint
	for i := C.size_t(0); ; i++ {
		name := C.claude_endpoint_at(i)
		if name == nil {
			return all
		}
		all = append(all, endpointOf(name))
	}
}

// EndpointNamed is what is known of an endpoint, and whether there is one of that name.
func EndpointNamed(name string) (Endpoint, bool) {
	text, err := cText(name, "the name of the endpoint")
	if err != nil {
		return Endpoint{}, false
	}
	defer freeText(text)
	found := endpointOf(text)
	return found, found.Method != ""
}

func endpointOf(name *C.char) Endpoint {
	about := func(what string) string {
		text := C.CString(what)
		defer freeText(text)
		return C.GoString(C.claude_endpoint_text(name, text))
	}
	return Endpoint{
		Name: C.GoString(name), Method: about("method"), Path: about("path"), Returns: about("returns"),
		Answer: about("answer"), Stability: about("stability"), Betas: about("beta"), Paging: about("paging"),
		Body: about("body"), Headers: about("headers"),
	}
}
