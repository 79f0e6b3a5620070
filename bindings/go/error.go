package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"time"
)

// A Code says what went wrong; docs/errors.md has the table. A Code is an error itself, to compare with:
//
//	if errors.Is(err, claude.CodeOverloaded) { ... }
type Code int32

// The codes of the library. More may come: treat an unknown one like a failure that cannot be retried.
const (
	// The program's side.
	CodeInvalid     Code = C.CLAUDE_E_INVALID
	CodeNoMemory    Code = C.CLAUDE_E_NOMEM
	CodeState       Code = C.CLAUDE_E_STATE
	CodeUnsupported Code = C.CLAUDE_E_UNSUPPORTED
	CodeCanceled    Code = C.CLAUDE_E_CANCELED
	CodeBusy        Code = C.CLAUDE_E_BUSY
	CodeForked      Code = C.CLAUDE_E_FORKED
	CodeLimit       Code = C.CLAUDE_E_LIMIT
	CodeCallback    Code = C.CLAUDE_E_CALLBACK
	CodeNoKey       Code = C.CLAUDE_E_NO_KEY
	CodeIO          Code = C.CLAUDE_E_IO
	// The circuit breaker is open: nothing was sent, and RetryAfter is the time left.
	CodeCircuitOpen Code = C.CLAUDE_E_CIRCUIT_OPEN
	// The client's own rate limiter refused: nothing was sent.
	CodeThrottled Code = C.CLAUDE_E_THROTTLED
	// A quota is used up: nothing was sent, and Quota says how far.
	CodeQuota Code = C.CLAUDE_E_QUOTA

	// The way to the API and back.
	CodeResolve   Code = C.CLAUDE_E_RESOLVE
	CodeConnect   Code = C.CLAUDE_E_CONNECT
	CodeTLS       Code = C.CLAUDE_E_TLS
	CodeTimeout   Code = C.CLAUDE_E_TIMEOUT
	CodeClosed    Code = C.CLAUDE_E_CLOSED
	CodeProtocol  Code = C.CLAUDE_E_PROTOCOL
	CodeTruncated Code = C.CLAUDE_E_TRUNCATED
	CodeTooLarge  Code = C.CLAUDE_E_TOO_LARGE
	CodeProxy     Code = C.CLAUDE_E_PROXY
	CodeRedirect  Code = C.CLAUDE_E_REDIRECT

	// Answers of the API.
	CodeAPI             Code = C.CLAUDE_E_API
	CodeAuth            Code = C.CLAUDE_E_AUTH
	CodePermission      Code = C.CLAUDE_E_PERMISSION
	CodeNotFound        Code = C.CLAUDE_E_NOT_FOUND
	CodeRateLimit       Code = C.CLAUDE_E_RATE_LIMIT
	CodeOverloaded      Code = C.CLAUDE_E_OVERLOADED
	CodeBadRequest      Code = C.CLAUDE_E_BAD_REQUEST
	CodeRequestTooLarge Code = C.CLAUDE_E_REQUEST_TOO_LARGE
	CodeAPITimeout      Code = C.CLAUDE_E_API_TIMEOUT
	CodeServer          Code = C.CLAUDE_E_SERVER
	CodeBilling         Code = C.CLAUDE_E_BILLING
	CodeConflict        Code = C.CLAUDE_E_CONFLICT
)

// String is the name of the code in C, for example "CLAUDE_E_OVERLOADED".
func (c Code) String() string { return C.GoString(C.claude_code_name(C.claude_code_t(c))) }

// Error is a sentence on what the code means.
func (c Code) Error() string { return C.GoString(C.claude_code_text(C.claude_code_t(c))) }

// Category is the group that the code belongs to; that of an [Error] can be more exact.
func (c Code) Category() Category {
	number := C.claude_code_category(C.claude_code_t(c))
	return Category(C.GoString(C.claude_category_name(number)))
}

// codes lists all codes that the loaded library knows.
func codes() []Code {
	var all []Code
	for code := C.claude_code_at(0); code != 0; code = C.claude_code_at(C.size_t(len(all))) {
		all = append(all, Code(code))
	}
	return all
}

// A Category is one of seven groups of errors.
type Category string

// The categories.
const (
	CategoryAPI             Category = "Api"
	CategoryHTTP            Category = "Http"
	CategoryNetwork         Category = "Network"
	CategoryTimeout         Category = "Timeout"
	CategoryInvalidArgument Category = "InvalidArgument"
	CategoryAuthentication  Category = "Authentication"
	CategoryRateLimit       Category = "RateLimit"
)

// An Error is why something failed. Every error of this package is one: get at it with [errors.As].
//
// errors.Is(err, claude.CodeRateLimit) compares codes. Where a context ended the call, errors.Is(err, context.Canceled)
// or errors.Is(err, context.DeadlineExceeded) holds, too; and where nothing was sent because of what had failed before,
// the error before is behind this one.
type Error struct {
	Code     Code
	Category Category
	// Message is one line that names the problem and the fix. It never contains a secret.
	Message string
	// Retryable says whether sending the same request again can help.
	Retryable bool
	// HTTPStatus is the status of the answer, 0 if there was none. An error inside a stream comes with 200.
	HTTPStatus int
	// APIType is the API's own name of the error, for example "overloaded_error".
	APIType string
	// ErrorCode is the API's error.details.error_code.
	ErrorCode string
	// RequestID is what the API's support asks for.
	RequestID string
	// RetryAfter is how long the server asked to wait, or the circuit breaker or rate limiter; negative if none did.
	RetryAfter time.Duration
	// Attempts is how many requests reached the wire.
	Attempts int
	// Feature is the feature of the library that refused or failed, for example "stream", or "retry" where the policy and
	// not the answer ended the retries.
	Feature string
	// Response is what had arrived, nil if nothing had: for a stream the partial message.
	Response *Message
	// Report is what happened before the call failed, nil for an error of no call.
	Report *Report
	// Quota is how full the quota was that refused, nil for other errors. ErrorCode is its name, "daily_cost" for example.
	Quota *QuotaFigures

	cause    error
	userCode int32 // what a callback has returned
}

// QuotaFigures are those of a quota that refused, in what it counts: requests, tokens or nano-dollars.
type QuotaFigures struct {
	Limit int64
	Used  int64
	// Reserved is by calls that were under way, Needed by the one that was refused.
	Reserved int64
	Needed   int64
	// ResetAt is when the quota begins anew.
	ResetAt time.Time
	// PerModel says that it is one of the model's own.
	PerModel bool
}

// Error is the message.
func (e *Error) Error() string { return "claude: " + e.Message }

// Unwrap is the error behind this one, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is says whether target is this error's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Timeout says whether a deadline passed, as in [net.Error].
func (e *Error) Timeout() bool { return e.Category == CategoryTimeout }

// errorFields is the library's error object as JSON.
type errorFields struct {
	Code         Code     `json:"code"`
	Category     Category `json:"category"`
	Message      string   `json:"message"`
	Retryable    bool     `json:"retryable"`
	HTTPStatus   int      `json:"http_status"`
	APIType      string   `json:"api_type"`
	ErrorCode    string   `json:"error_code"`
	RequestID    string   `json:"request_id"`
	RetryAfterMS *int64   `json:"retry_after_ms"`
	Attempts     int      `json:"attempts"`
	UserCode     int32    `json:"user_code"`
	Feature      string   `json:"feature"`
	Quota        *struct {
		Limit    int64 `json:"limit"`
		Used     int64 `json:"used"`
		Reserved int64 `json:"reserved"`
		Needed   int64 `json:"needed"`
		ResetAt  int64 `json:"reset_at_ms"`
		PerModel int   `json:"per_model"`
	} `json:"quota"`
	Cause *errorFields `json:"cause"`
}

func (f *errorFields) make() *Error {
	e := &Error{
		Code: f.Code, Category: f.Category, Message: f.Message, Retryable: f.Retryable, HTTPStatus: f.HTTPStatus,
		APIType: f.APIType, ErrorCode: f.ErrorCode, RequestID: f.RequestID, RetryAfter: -1, Attempts: f.Attempts,
		Feature: f.Feature, userCode: f.UserCode,
	}
	if q := f.Quota; q != nil {
		e.Quota = &QuotaFigures{q.Limit, q.Used, q.Reserved, q.Needed, time.UnixMilli(q.ResetAt), q.PerModel != 0}
	}
	if f.RetryAfterMS != nil && *f.RetryAfterMS >= 0 {
		e.RetryAfter = time.Duration(*f.RetryAfterMS) * time.Millisecond
	}
	if f.Cause != nil {
		e.cause = f.Cause.make()
	}
	return e
}

// takeError turns an error object whose reference is handed over into a Go error.
func takeError(handle *C.claude_error_t) *Error {
	defer C.claude_error_unref(handle)
	var length C.size_t
	text := C.claude_error_json(handle, &length)
	var fields errorFields
	if err := json.Unmarshal(C.GoBytes(pointer(text), C.int(length)), &fields); err != nil {
		return fail(Code(C.claude_error_code(handle)), "%s", C.GoString(C.claude_error_message(handle)))
	}
	e := fields.make()
	for at, lent := e, handle; lent != nil; lent = C.claude_error_cause(lent) {
		at.take(lent)
		cause, ok := at.cause.(*Error)
		if !ok {
			break
		}
		at = cause
	}
	return e
}

// take copies what the JSON of an error does not have.
func (e *Error) take(lent *C.claude_error_t) {
	report := copyReport(C.claude_error_report(lent))
	e.Report = readReport(report)
	if partial := C.claude_error_response(lent); partial != nil {
		e.Response = &Message{Response: copyResponse(partial)}
		e.Response.report = report
	}
}

// check is the error of a function that returned a code and wrote into err if that is negative.
func check(code C.claude_code_t, err *C.claude_error_t) error {
	if code >= 0 {
		return nil
	}
	if err == nil {
		return fail(Code(code), "%s", Code(code).Error())
	}
	return takeError(err)
}

// fail is an error of this package's own.
func fail(code Code, format string, arguments ...any) *Error {
	e := &Error{Code: code, Category: code.Category(), Message: fmt.Sprintf(format, arguments...), RetryAfter: -1}
	for _, argument := range arguments {
		if cause, ok := argument.(error); ok {
			e.cause = cause
		}
	}
	return e
}
