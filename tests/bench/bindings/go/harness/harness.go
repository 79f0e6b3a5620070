// Package harness measures the rows that both Go clients have, so that only the client differs.
package harness

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// Key is well-formed and worthless: the sandbox checks none.
	Key = "sk-ant-benchmark-not-a-real-key"
	// Scenario is the header that chooses what the sandbox answers.
	Scenario = "x-sandbox-scenario"

	warmUp  = 200
	calls   = 20000
	streams = 1000
)

// Client is what a row needs of a client.
type Client interface {
	// Call sends a short request and takes the answer.
	Call(ctx context.Context) error
	// Texts and Events take a whole stream and return how many there were.
	Texts(ctx context.Context) (int, error)
	Events(ctx context.Context) (int, error)
	// Open opens a stream, takes its first event and keeps it.
	Open(ctx context.Context) (any, error)
}

// Run measures one row: ROW WHAT URL.
func Run(open func(url string) Client) {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: %s ROW WHAT URL", os.Args[0]))
	}
	row, what, client := os.Args[1], os.Args[2], open(os.Args[3])
	switch what {
	case "cold":
		fail(client.Call(context.Background()))
	case "text":
		rate(row, "texts/s", client.Texts)
	case "events":
		rate(row, "events/s", client.Events)
	case "request.1":
		requests(row, client, 1)
	case "request.64":
		requests(row, client, 64)
	case "idle.1000":
		idle(row, client)
	default:
		fail(fmt.Errorf("no row %s", what))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func show(row string, value float64, unit string) {
	fmt.Printf("%s %.6g %s\n", row, value, unit)
}

func rate(row, unit string, consume func(context.Context) (int, error)) {
	start := time.Now()
	count, err := consume(context.Background())
	fail(err)
	show(row, float64(count)/time.Since(start).Seconds(), unit)
}

func processor() float64 {
	var used syscall.Rusage
	fail(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e3
}

func many(client Client, count int64, atOnce int) {
	var group sync.WaitGroup
	left := count
	for i := 0; i < atOnce; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				fail(client.Call(context.Background()))
			}
		}()
	}
	group.Wait()
}

func requests(row string, client Client, atOnce int) {
	many(client, warmUp, atOnce)
	begin, start := processor(), time.Now()
	many(client, calls, atOnce)
	show(row, (processor()-begin)/calls, "us")
	show(row+".rate", calls/time.Since(start).Seconds(), "calls/s")
}

func residentKiB() float64 {
	data, err := os.ReadFile("/proc/self/statm")
	fail(err)
	pages, err := strconv.Atoi(strings.Fields(string(data))[1])
	fail(err)
	return float64(pages*os.Getpagesize()) / 1024
}

func openSome(client Client, kept *[]any, count int) {
	for i := 0; i < count; i++ {
		stream, err := client.Open(context.Background())
		fail(err)
		*kept = append(*kept, stream)
	}
}

func idle(row string, client Client) {
	var kept []any
	openSome(client, &kept, 20)
	before := residentKiB()
	openSome(client, &kept, streams)
	show(row, (residentKiB()-before)/streams, "KiB")
	show(row+".process", residentKiB()/1024, "MiB")
	threads, err := os.ReadDir("/proc/self/task")
	fail(err)
	show(row+".threads", float64(len(threads)), "threads")
	os.Exit(0) // closing a thousand streams is not measured
}
