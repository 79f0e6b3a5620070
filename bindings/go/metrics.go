package claude

// #include "glue.h"
import "C"

import "runtime"

// Metrics are what a client's calls have done, in figures: a snapshot, which never changes. docs/metrics.md lists them. Any
// number of goroutines may use it.
type Metrics struct{ handle *C.claude_metrics_t }

// Metrics takes a snapshot. The client must have WithConfig("metrics.enabled", "true").
func (c *Client) Metrics() (*Metrics, error) {
	metrics := &Metrics{}
	err := c.own().lend(func(client *C.claude_client_t) error {
		var failure *C.claude_error_t
		return check(C.claude_client_metrics(client, &metrics.handle, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	runtime.SetFinalizer(metrics, func(metrics *Metrics) { C.claude_metrics_unref(metrics.handle) })
	return metrics, nil
}

// about asks something about the metric of a name.
func (m *Metrics) about(name string, ask func(name *C.char)) {
	defer runtime.KeepAlive(m)
	_ = withTexts(name, "the name of a metric", nil, "", func(name, _ *C.char) error {
		ask(name)
		return nil
	})
}

// Value is a figure by its name, "retries" for example; of a histogram it is how many values there were. Negative for a name
// that is none.
func (m *Metrics) Value(name string) int64 {
	value := int64(-1)
	m.about(name, func(name *C.char) { value = int64(C.claude_metrics_value(m.handle, name)) })
	return value
}

// Errors is how many attempts failed with a code, and how many calls without an attempt.
func (m *Metrics) Errors(code Code) int64 {
	defer runtime.KeepAlive(m)
	return int64(C.claude_metrics_errors(m.handle, C.claude_code_t(code)))
}

// Sum is the sum of the values of a histogram, "call_duration_ms" for example; negative for a name that is none of a
// histogram.
func (m *Metrics) Sum(name string) int64 {
	sum := int64(-1)
	m.about(name, func(name *C.char) { sum = int64(C.claude_metrics_sum(m.handle, name)) })
	return sum
}

// A Bucket says how many values of a histogram were above the bucket before, up to its bound. That of the last one is
// [math.MaxInt64].
type Bucket struct{ UpperBound, Count int64 }

// Histogram are the buckets of a histogram, none for a name that is none of a histogram.
func (m *Metrics) Histogram(name string) (all []Bucket) {
	m.about(name, func(name *C.char) {
		var bound, count C.int64_t
		for C.claude_metrics_histogram(m.handle, name, C.size_t(len(all)), &bound, &count) == 1 {
			all = append(all, Bucket{int64(bound), int64(count)})
		}
	})
	return all
}

// JSON is the whole snapshot.
func (m *Metrics) JSON() string {
	defer runtime.KeepAlive(m)
	return C.GoString(C.claude_metrics_json(m.handle, nil))
}

// Prometheus is the whole snapshot in Prometheus' text format, version 0.0.4.
func (m *Metrics) Prometheus() string {
	defer runtime.KeepAlive(m)
	return C.GoString(C.claude_metrics_prometheus(m.handle, nil))
}

// A MetricKind is what a metric counts.
type MetricKind int32

// The kinds of metrics.
const (
	MetricCounter   MetricKind = C.CLAUDE_METRIC_COUNTER
	MetricGauge     MetricKind = C.CLAUDE_METRIC_GAUGE
	MetricHistogram MetricKind = C.CLAUDE_METRIC_HISTOGRAM
)

// A MetricInfo is what the library knows of a metric.
type MetricInfo struct {
	Name string
	Kind MetricKind
	Unit string
	Help string
	// OTelName is its name in OpenTelemetry's conventions for GenAI, "" if they have none; times are in seconds there.
	OTelName string
}

// MetricInfos are all metrics that the loaded library knows.
func MetricInfos() []MetricInfo {
	var all []MetricInfo
	var name, unit, help, otel *C.char
	var kind C.int32_t
	for C.claude_metric_at(C.size_t(len(all)), &name, &kind, &unit, &help, &otel) == 1 {
		all = append(all, MetricInfo{C.GoString(name), MetricKind(kind), C.GoString(unit), C.GoString(help),
			C.GoString(otel)})
	}
	return all
}
