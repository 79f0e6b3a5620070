package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"time"
)

// A Report is what happened on the way to a call's result. Every call has one: [Response.Report], and Report of an [Error].
type Report struct {
	// Features are those that were at work: "retries", "circuit_breaker", "rate_limiting", "failover".
	Features []string
	// WireAttempts are requests that reached the wire, those included that the HTTP library sent again by itself.
	WireAttempts int
	// Attempts are those that the library made; Retries and Failovers say how many of them were retries, and how many went
	// to another endpoint than the one before.
	Attempts  int
	Retries   int
	Failovers int
	// Resends are attempts that were the same request once more: with another key, or not compressed.
	Resends int
	// LimiterWait and Backoff are how long the call waited in all, for its turn and between attempts; Duration is from its
	// start to its end.
	LimiterWait time.Duration
	Backoff     time.Duration
	Duration    time.Duration
	// Endpoint is where the last attempt went to: the number among the endpoints of failover, else 0.
	Endpoint    int
	EndpointURL string
	// BreakerState is that of this endpoint's breaker when the call ended, zero if it had none.
	BreakerState BreakerState
	// StoppedBy is why there was no further attempt after the last one had failed, "max_retries" for example; "" when
	// nothing stopped it.
	StoppedBy string
	// Snapshot is the name of the client's snapshot that the call used, "" for the one without a name; Generation is 1 for
	// the configuration that the client was made with, and larger with each change.
	Snapshot   string
	Generation int64
	// AttemptList are the attempts one by one, the first 64.
	AttemptList []ReportedAttempt
	raw
}

// A ReportedAttempt is one attempt of a call.
type ReportedAttempt struct {
	// Code is what became of it, 0 if it went well.
	Code       Code
	HTTPStatus int
	RequestID  string
	// Endpoint is where it went to: the number among the endpoints of failover, else 0.
	Endpoint     int
	WireAttempts int
	// Started is the time since the start of the call, Duration how long it took without the waits before it.
	Started  time.Duration
	Duration time.Duration
	// FirstEvent is how long it took to the first event of a stream, negative if none came.
	FirstEvent time.Duration
	// Backoff and LimiterWait are how long the call waited before it.
	Backoff     time.Duration
	LimiterWait time.Duration
	// Timings are those on the wire, nil if they were not taken: that needs WithConfig("diagnostics.timings", "1") or more,
	// or a [WithLog] of the level [LogDebug].
	Timings *Timings
}

// Timings are how long the parts of an attempt took on the wire; negative where it did not come so far. The first three are
// 0 on a connection that stood already; FirstByte and Total count from the beginning of the request.
type Timings struct {
	DNS, Connect, TLS, FirstByte, Total time.Duration
	// Connections is how many the attempt has opened.
	Connections int
}

type timingFields struct {
	DNS         micros `json:"dns"`
	Connect     micros `json:"connect"`
	TLS         micros `json:"tls"`
	FirstByte   micros `json:"first_byte"`
	Total       micros `json:"total"`
	Connections int    `json:"connections"`
}

func (f *timingFields) make() *Timings {
	if f == nil {
		return nil
	}
	return &Timings{time.Duration(f.DNS), time.Duration(f.Connect), time.Duration(f.TLS), time.Duration(f.FirstByte),
		time.Duration(f.Total), f.Connections}
}

// micros is a time that JSON has in microseconds.
type micros time.Duration

// UnmarshalJSON reads microseconds.
func (m *micros) UnmarshalJSON(data []byte) error {
	var number int64
	err := json.Unmarshal(data, &number)
	*m = micros(time.Duration(number) * time.Microsecond)
	return err
}

// millis is a time that JSON has in milliseconds.
type millis time.Duration

// UnmarshalJSON reads milliseconds.
func (m *millis) UnmarshalJSON(data []byte) error {
	var number int64
	err := json.Unmarshal(data, &number)
	*m = millis(time.Duration(number) * time.Millisecond)
	return err
}

type attemptFields struct {
	Code         Code   `json:"code"`
	HTTPStatus   int    `json:"http_status"`
	RequestID    string `json:"request_id"`
	Endpoint     int    `json:"endpoint"`
	WireAttempts int    `json:"wire_attempts"`
	Started      millis `json:"started_ms"`
	Duration     millis `json:"duration_ms"`
	FirstEvent   millis `json:"first_event_ms"`
	Backoff      millis `json:"backoff_ms"`
	LimiterWait  millis `json:"limiter_wait_ms"`

	Timings *timingFields `json:"timings_us"`
}

type reportFields struct {
	Features     []string        `json:"features"`
	WireAttempts int             `json:"wire_attempts"`
	Attempts     int             `json:"attempts"`
	Retries      int             `json:"retries"`
	Failovers    int             `json:"failovers"`
	Resends      int             `json:"resends"`
	LimiterWait  millis          `json:"limiter_wait_ms"`
	Backoff      millis          `json:"backoff_ms"`
	Duration     millis          `json:"duration_ms"`
	Endpoint     int             `json:"endpoint_index"`
	EndpointURL  string          `json:"endpoint_url"`
	BreakerState string          `json:"breaker_state"`
	StoppedBy    string          `json:"stopped_by"`
	Snapshot     string          `json:"snapshot"`
	Generation   int64           `json:"generation"`
	AttemptList  []attemptFields `json:"attempt_list"`
}

// readReport reads a report as the library writes it, nil if there is none.
func readReport(text string) *Report {
	var fields reportFields
	if text == "" || json.Unmarshal([]byte(text), &fields) != nil {
		return nil
	}
	report := &Report{
		Features: fields.Features, WireAttempts: fields.WireAttempts, Attempts: fields.Attempts,
		Retries: fields.Retries, Failovers: fields.Failovers, LimiterWait: time.Duration(fields.LimiterWait),
		Backoff: time.Duration(fields.Backoff), Duration: time.Duration(fields.Duration), Endpoint: fields.Endpoint,
		EndpointURL: fields.EndpointURL, BreakerState: breakerStateNamed(fields.BreakerState),
		StoppedBy: fields.StoppedBy, Resends: fields.Resends, Snapshot: fields.Snapshot, Generation: fields.Generation,
		raw: raw{text},
	}
	for _, attempt := range fields.AttemptList {
		report.AttemptList = append(report.AttemptList, ReportedAttempt{
			Code: attempt.Code, HTTPStatus: attempt.HTTPStatus, RequestID: attempt.RequestID,
			Endpoint: attempt.Endpoint, WireAttempts: attempt.WireAttempts, Started: time.Duration(attempt.Started),
			Duration: time.Duration(attempt.Duration), FirstEvent: time.Duration(attempt.FirstEvent),
			Backoff: time.Duration(attempt.Backoff), LimiterWait: time.Duration(attempt.LimiterWait),
			Timings: attempt.Timings.make(),
		})
	}
	return report
}

// copyReport copies the text of a report that the library lends, "" if there is none.
func copyReport(lent *C.claude_report_t) string {
	if lent == nil {
		return ""
	}
	var length C.size_t
	text := C.claude_report_json(lent, &length)
	return C.GoStringN(text, C.int(length))
}
