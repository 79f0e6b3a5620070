package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// BatchService are batches of messages, the field Batches of [MessageService].
type BatchService struct{ owner *owner }

// A BatchRequest is a message of a batch. Params are as those of [MessageService.New].
type BatchRequest struct {
	CustomID string
	Params   any
}

// A Batch is a batch of messages, as the API tells of it.
type Batch struct {
	ID               string `json:"id"`
	Type             string `json:"type"`
	ProcessingStatus string `json:"processing_status"` // in_progress, canceling, ended
	RequestCounts    struct {
		Processing int64 `json:"processing"`
		Succeeded  int64 `json:"succeeded"`
		Errored    int64 `json:"errored"`
		Canceled   int64 `json:"canceled"`
		Expired    int64 `json:"expired"`
	} `json:"request_counts"`
	CreatedAt         Time   `json:"created_at"`
	EndedAt           Time   `json:"ended_at"`
	ExpiresAt         Time   `json:"expires_at"`
	ArchivedAt        Time   `json:"archived_at"`
	CancelInitiatedAt Time   `json:"cancel_initiated_at"`
	ResultsURL        string `json:"results_url"`
	raw
}

// UnmarshalJSON reads a batch and keeps its text.
func (b *Batch) UnmarshalJSON(data []byte) error {
	type plain Batch
	defer func() { b.raw = raw{string(data)} }()
	return json.Unmarshal(data, (*plain)(b))
}

// New creates a batch. What the API would refuse later is refused now.
func (s BatchService) New(ctx context.Context, requests []BatchRequest, options ...Option) (*Batch, error) {
	return decodeAs[Batch](s.owner.execute(ctx, batchSource(requests), options))
}

// NewFromFile creates a batch of a file of lines of JSON: {"custom_id": "...", "params": {...}}. The file is checked line
// by line now, and read again while it is sent: it is never in memory as a whole.
func (s BatchService) NewFromFile(ctx context.Context, file *File, options ...Option) (*Batch, error) {
	return decodeAs[Batch](s.owner.execute(ctx, fileSource(file, func(file *C.claude_file_t, out **C.claude_request_t,
		failure **C.claude_error_t) C.claude_code_t {
		return C.claude_batch_file_request(file, out, failure)
	}), options))
}

// Get asks for a batch.
func (s BatchService) Get(ctx context.Context, id string, options ...Option) (*Batch, error) {
	return decodeAs[Batch](s.execute(ctx, "messages.batches.retrieve", id, options))
}

// Cancel cancels a batch. What of it has been begun comes to its end.
func (s BatchService) Cancel(ctx context.Context, id string, options ...Option) (*Batch, error) {
	return decodeAs[Batch](s.execute(ctx, "messages.batches.cancel", id, options))
}

// Delete deletes a batch that has ended.
func (s BatchService) Delete(ctx context.Context, id string, options ...Option) (*Deleted, error) {
	return decodeAs[Deleted](s.execute(ctx, "messages.batches.delete", id, options))
}

func (s BatchService) execute(ctx context.Context, endpoint, id string, options []Option) (*Response, error) {
	return s.owner.execute(ctx, batchRequest(endpoint, id).source(), options)
}

func batchRequest(endpoint, id string) Request {
	return Request{Endpoint: endpoint, Path: map[string]string{"message_batch_id": id}}
}

// List fetches the first page of all batches, the newest first. Query is nil or as that of a [Request].
func (s BatchService) List(ctx context.Context, query any, options ...Option) (*Page[Batch], error) {
	return firstPage[Batch](ctx, s.owner, Request{Endpoint: "messages.batches.list", Query: query}, options)
}

// ListAutoPaging goes through all batches, the newest first.
func (s BatchService) ListAutoPaging(ctx context.Context, query any, options ...Option) *AutoPager[Batch] {
	return autoPager[Batch](ctx, s.owner, Request{Endpoint: "messages.batches.list", Query: query}, options)
}

// A BatchWait says how to wait for a batch. The zero value waits for a second first, half as long again each time, a
// minute at most.
type BatchWait struct {
	First, Max time.Duration
	// Progress hears of the batch each time that it was asked for. An error ends the waiting, not the batch.
	Progress func(*Batch) error
}

// Wait asks for a batch until it has ended. The end of ctx ends the waiting at once, not the batch.
func (s BatchService) Wait(ctx context.Context, id string, how BatchWait, options ...Option) (*Batch, error) {
	for attempt := uint32(0); ; attempt++ {
		batch, err := s.Get(ctx, id, options...)
		if err == nil && how.Progress != nil {
			err = how.Progress(batch)
		}
		if err != nil {
			return nil, err
		}
		pause, err := how.pause(batch, attempt)
		if err != nil || pause == 0 {
			return batch, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done(): // what comes next says so
			timer.Stop()
		}
	}
}

// pause is how long to wait before asking again, 0 if the batch has ended.
func (w BatchWait) pause(batch *Batch, attempt uint32) (pause time.Duration, err error) {
	err = (&Response{json: batch.text}).lend(func(lent *C.claude_response_t) error {
		pause = time.Duration(C.claude_batch_poll_delay(lent, C.uint32_t(attempt), milliseconds(w.First),
			milliseconds(w.Max))) * time.Millisecond
		return nil
	})
	return pause, err
}

// milliseconds rounds up.
func milliseconds(duration time.Duration) C.int64_t {
	return C.int64_t((duration + time.Millisecond - 1) / time.Millisecond)
}

// batchSource is a request that creates a batch.
func batchSource(requests []BatchRequest) source {
	return func() (maker, error) {
		bodies := make([][]byte, len(requests))
		for i := range requests {
			body, err := encode(required(requests[i].Params))
			if err != nil {
				return nil, err
			}
			bodies[i] = body
		}
		files := filesIn(requests)
		return func() (*C.claude_request_t, error) {
			request, err := buildBatch(requests, bodies)
			if err != nil {
				return nil, err
			}
			if err = attach(request, files); err != nil {
				C.claude_request_unref(request)
				return nil, err
			}
			return request, nil
		}, nil
	}
}

func buildBatch(requests []BatchRequest, bodies [][]byte) (*C.claude_request_t, error) {
	var builder *C.claude_batch_builder_t
	var failure *C.claude_error_t
	if err := check(C.claude_batch_builder_new(&builder, &failure), failure); err != nil {
		return nil, err
	}
	defer C.claude_batch_builder_unref(builder)
	for i, body := range bodies {
		err := withTexts(requests[i].CustomID, "custom_id", nil, "", func(id, _ *C.char) error {
			code := C.claude_batch_builder_add_json(builder, id, asCText(body), C.size_t(len(body)), &failure)
			return check(code, failure)
		})
		if err != nil {
			return nil, err
		}
	}
	var request *C.claude_request_t
	return request, check(C.claude_batch_builder_request(builder, &request, &failure), failure)
}

type fileMaker func(*C.claude_file_t, **C.claude_request_t, **C.claude_error_t) C.claude_code_t

// fileSource is a request that is made of a file. It is made where nobody waits for it: the file may be read for that.
func fileSource(file *File, make fileMaker) source {
	return func() (maker, error) {
		if file == nil || file.handle == nil {
			return nil, errNoFile()
		}
		var request *C.claude_request_t
		var failure *C.claude_error_t
		code := make(file.handle, &request, &failure)
		runtime.KeepAlive(file)
		if err := check(code, failure); err != nil {
			return nil, err
		}
		return keep(request).maker(), nil
	}
}

// ---- results ----

// A BatchResultType is what became of a request of a batch. More may come: treat an unknown one like [BatchOther].
type BatchResultType int32

// What became of a request.
const (
	BatchSucceeded BatchResultType = C.CLAUDE_BATCH_SUCCEEDED
	BatchErrored   BatchResultType = C.CLAUDE_BATCH_ERRORED
	BatchCanceled  BatchResultType = C.CLAUDE_BATCH_CANCELED
	BatchExpired   BatchResultType = C.CLAUDE_BATCH_EXPIRED
	BatchOther     BatchResultType = C.CLAUDE_BATCH_OTHER
)

// A BatchResult is what became of one request of a batch.
type BatchResult struct {
	CustomID string
	Type     BatchResultType
	// Message is the answer of a request that succeeded, else nil.
	Message *Message
	// Err is the error that the request would have had as a call of its own; nil if it succeeded.
	Err error
	raw
}

// BatchResults are the results of a batch, in no particular order:
//
//	results := client.Messages.Batches.Results(ctx, id)
//	defer results.Close()
//	for results.Next() {
//		fmt.Println(results.Result().CustomID)
//	}
//	if err := results.Err(); err != nil { ... }
//
// They are taken line by line from the network: lines of any length, and no more of them in memory than a few. With Go
// 1.23 and later they can be ranged over: for result, err := range results.All() { ... }
type BatchResults struct {
	stream *Stream
	result BatchResult
	err    error
}

// Results takes the results of a batch that has ended, by its id.
func (s BatchService) Results(ctx context.Context, id string, options ...Option) *BatchResults {
	return &BatchResults{stream: s.owner.stream(ctx, batchRequest("messages.batches.results", id).source(), options)}
}

// ResultsOf takes the results of a batch from its ResultsURL, which must be on the client's own server.
func (s BatchService) ResultsOf(ctx context.Context, batch *Batch, options ...Option) *BatchResults {
	return &BatchResults{stream: s.owner.stream(ctx, batch.resultsSource(), options)}
}

func (b *Batch) resultsSource() source {
	return maker(func() (request *C.claude_request_t, err error) {
		err = (&Response{json: b.text}).lend(func(lent *C.claude_response_t) error {
			var failure *C.claude_error_t
			return check(C.claude_batch_results_request(lent, &request, &failure), failure)
		})
		return request, err
	}).source()
}

// Next waits for the next result. False is the end: Err says whether it was a good one.
func (r *BatchResults) Next() bool {
	r.result = BatchResult{}
	if r.err != nil || !r.stream.Next() {
		return false
	}
	r.result, r.err = readBatchResult(strings.Clone(r.stream.Event().RawJSON()))
	return r.err == nil
}

// Result is the result that Next has found. It may be kept.
func (r *BatchResults) Result() BatchResult { return r.result }

// Err is why the results broke off; nil while they have not.
func (r *BatchResults) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.stream.Err()
}

// Close ends the results if they have not ended.
func (r *BatchResults) Close() error { return r.stream.Close() }

// readBatchResult looks into a line of the results.
func readBatchResult(line string) (BatchResult, error) {
	var found C.claude_go_result
	var failure *C.claude_error_t
	bytes := asBytes(line)
	code := C.claude_go_batch_result(asCText(bytes), C.size_t(len(bytes)), &found, &failure)
	if err := check(code, failure); err != nil {
		return BatchResult{}, err
	}
	result := BatchResult{
		CustomID: line[found.id : found.id+found.id_len], Type: BatchResultType(found._type), raw: raw{line},
	}
	if strings.Contains(result.CustomID, `\`) { // as it is spelled
		_ = json.Unmarshal([]byte(`"`+result.CustomID+`"`), &result.CustomID)
	}
	if result.Type == BatchSucceeded {
		result.Message = &Message{Response: &Response{json: line[found.what : found.what+found.what_len]}}
		return result, nil
	}
	code = C.claude_batch_result_error(asCText(bytes), C.size_t(len(bytes)), &failure)
	result.Err = check(code, failure)
	return result, nil
}

// asBytes are the bytes of a text, without a copy: they must not be changed.
func asBytes(text string) []byte {
	return *(*[]byte)(unsafe.Pointer(&struct {
		string
		int
	}{text, len(text)}))
}
