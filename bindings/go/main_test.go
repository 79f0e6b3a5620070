package claude_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Programs of their own that tests run: this one again, with their name in the environment.
var programs = map[string]func(){
	"idle":    func() { settle() },
	"streams": openStreams,
}

func TestMain(m *testing.M) {
	if program := programs[os.Getenv("CLAUDE_GO_PROGRAM")]; program != nil {
		program()
		fmt.Println("threads", threads())
		os.Exit(0)
	}
	before := runtime.NumGoroutine()
	stop := collectAlways()
	code := m.Run()
	stop()
	if left := leftGoroutines(before); code == 0 && left != "" {
		fmt.Printf("goroutines are left:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// collectAlways runs the garbage collector all the time where CLAUDE_GO_GC is set, so that what C still uses would be
// missed soon.
func collectAlways() (stop func()) {
	if os.Getenv("CLAUDE_GO_GC") == "" {
		return func() {}
	}
	end := make(chan struct{})
	go func() {
		for {
			select {
			case <-end:
				return
			default:
				runtime.GC()
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	return func() { close(end) }
}

// threads is how many threads this process has had at once: Go keeps those it once needed.
func threads() int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	return len(tasks)
}

// settle has Go start what it starts in any program.
func settle() {
	for i := 0; i < 3; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

// leftGoroutines waits until there are no more goroutines than before, and describes those that do not end.
func leftGoroutines(before int) string {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if runtime.NumGoroutine() <= before {
			return ""
		}
		runtime.GC() // of what was not closed
	}
	stacks := make([]byte, 1<<20)
	return strings.TrimSpace(string(stacks[:runtime.Stack(stacks, true)]))
}
