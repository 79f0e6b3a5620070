package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"runtime"
)

// A Page is a part of a list.
type Page[T any] struct {
	*Response
	// Data are the items of this page.
	Data []T

	owner   *owner
	request *prepared // that fetched it
}

// List fetches the first page of any list of the API: claude.List[json.RawMessage](ctx, client, request). Its items are
// decoded as T.
func List[T any](ctx context.Context, client *Client, request Request, options ...Option) (*Page[T], error) {
	return firstPage[T](ctx, client.own(), request, options)
}

func firstPage[T any](ctx context.Context, own *owner, request Request, options []Option) (*Page[T], error) {
	make, err := request.source()()
	if err != nil {
		return nil, err
	}
	made, err := make.applied(request.options(options), false)
	if err != nil {
		return nil, err
	}
	kept := keep(made)
	kept.features = flagsOf(request.options(options), false)
	return fetchPage[T](ctx, own, kept, options)
}

func fetchPage[T any](ctx context.Context, own *owner, request *prepared, options []Option) (*Page[T], error) {
	response, err := own.execute(ctx, request.maker().source(), []Option{asking("", request.features)})
	if err != nil {
		return nil, err
	}
	response.tell(options)
	var body struct{ Data []T }
	if err := response.Decode(&body); err != nil {
		return nil, fail(CodeProtocol, "the answer is no page of such a list: %v", err)
	}
	return &Page[T]{response, body.Data, own, request}, nil
}

// Next fetches the page after this one. It is nil after the last one.
func (p *Page[T]) Next(ctx context.Context) (*Page[T], error) { return p.turn(ctx, false) }

// Previous fetches the page before this one, where the list can go back. It is nil before the first one.
func (p *Page[T]) Previous(ctx context.Context) (*Page[T], error) { return p.turn(ctx, true) }

func (p *Page[T]) turn(ctx context.Context, back bool) (*Page[T], error) {
	request, err := p.request.turn(p.Response, back)
	if request == nil || err != nil {
		return nil, err
	}
	return fetchPage[T](ctx, p.owner, request, nil)
}

// turn is the request of the next page, nil after the last one.
func (p *prepared) turn(page *Response, back bool) (next *prepared, err error) {
	err = page.lend(func(lent *C.claude_response_t) error {
		var request *C.claude_request_t
		var failure *C.claude_error_t
		code := C.claude_code_t(0)
		if back {
			code = C.claude_page_previous(p.handle, lent, &request, &failure)
		} else {
			code = C.claude_page_next(p.handle, lent, &request, &failure)
		}
		runtime.KeepAlive(p)
		if request != nil {
			next = keep(request)
			next.features = p.features
		}
		return check(code, failure)
	})
	return next, err
}

// An AutoPager goes through all items of a list, and fetches a page when it is needed:
//
//	models := client.Models.ListAutoPaging(ctx, nil)
//	for models.Next() {
//		fmt.Println(models.Current().ID)
//	}
//	if err := models.Err(); err != nil { ... }
//
// With Go 1.23 and later it can be ranged over: for model, err := range models.All() { ... }
type AutoPager[T any] struct {
	fetch   func() (*Page[T], error)
	next    int
	page    *Page[T]
	current T
	err     error
	done    bool
	seed    maphash.Seed
	seen    map[uint64]bool // hashes of the pages that were there
}

// ListAutoPaging goes through any list of the API. Nothing is sent before Next.
func ListAutoPaging[T any](ctx context.Context, client *Client, request Request, options ...Option) *AutoPager[T] {
	return autoPager[T](ctx, client.own(), request, options)
}

func autoPager[T any](ctx context.Context, own *owner, request Request, options []Option) *AutoPager[T] {
	pager := &AutoPager[T]{seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	pager.fetch = func() (*Page[T], error) {
		if pager.page != nil {
			return pager.page.Next(ctx)
		}
		return firstPage[T](ctx, own, request, options)
	}
	return pager
}

// Next finds the next item. False is the end: Err says whether it was a good one.
func (a *AutoPager[T]) Next() bool {
	for !a.done {
		if a.page != nil && a.next < len(a.page.Data) {
			a.current = a.page.Data[a.next]
			a.next++
			return true
		}
		a.turn()
	}
	var none T
	a.current = none
	return false
}

// turn goes to the next page, or finds the end.
func (a *AutoPager[T]) turn() {
	page, err := a.fetch()
	a.page, a.next, a.err = page, 0, err
	if page == nil {
		a.done = true
		return
	}
	// A page that says the same as one before leads to the same pages for ever.
	hash := maphash.String(a.seed, page.RawJSON())
	if a.seen[hash] && !a.isLast() {
		a.err, a.done = fail(CodeProtocol, "the list leads back to a page that was there before"), true
	}
	a.seen[hash] = true
}

func (a *AutoPager[T]) isLast() bool {
	next, err := a.page.request.turn(a.page.Response, false)
	return next == nil && err == nil
}

// Current is the item that Next has found.
func (a *AutoPager[T]) Current() T { return a.current }

// Err is why the list broke off; nil while it has not.
func (a *AutoPager[T]) Err() error { return a.err }

// lend makes a response of the library's of this one, for the duration of a call.
func (r *Response) lend(use func(*C.claude_response_t) error) error {
	bytes := asBytes(r.json)
	var lent *C.claude_response_t
	var failure *C.claude_error_t
	err := check(C.claude_response_parse(asCText(bytes), C.size_t(len(bytes)), &lent, &failure), failure)
	if err != nil {
		return err
	}
	defer C.claude_response_unref(lent)
	return use(lent)
}

// tell stores the response where options of its call ask for it.
func (r *Response) tell(options []Option) {
	for _, option := range options {
		if option.into != nil {
			*option.into = r
		}
	}
}

// decodeAs decodes an answer.
func decodeAs[T any](response *Response, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	decoded := new(T)
	if err := response.Decode(decoded); err != nil {
		return nil, fail(CodeProtocol, "the answer is not what was expected: %v", err)
	}
	return decoded, nil
}

// A Raw is a thing of the API with all its JSON.
type raw struct{ text string }

// RawJSON is the JSON as received, with everything that this package has never heard of.
func (r raw) RawJSON() string { return r.text }

// Decode decodes the JSON into what v points to, as [json.Unmarshal] does.
func (r raw) Decode(v any) error { return json.Unmarshal([]byte(r.text), v) }

// A Deleted says what was deleted.
type Deleted struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}
