//go:build go1.21

package claude

import "context"

// afterEnd calls do when ctx ends. The function it returns stops that, and says whether do was not called.
func afterEnd(ctx context.Context, do func()) func() bool { return context.AfterFunc(ctx, do) }
