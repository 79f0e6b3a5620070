//go:build !go1.21

package claude

import (
	"context"
	"sync"
)

// afterEnd calls do when ctx ends. The function it returns stops that, and says whether do was not called.
func afterEnd(ctx context.Context, do func()) func() bool {
	var once sync.Once
	stop := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
			once.Do(do)
		case <-stop:
		}
	}()
	return func() (stopped bool) {
		once.Do(func() {
			stopped = true
			close(stop)
		})
		return stopped
	}
}
