//go:build go1.23

package claude

import (
	"context"
	"iter"
)

// All are the messages of the conversation, and the error that ends it, if one does.
func (r *ToolRunner) All(ctx context.Context) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for r.Next(ctx) {
			if !yield(r.message, nil) {
				return
			}
		}
		if r.err != nil {
			yield(nil, r.err)
		}
	}
}
