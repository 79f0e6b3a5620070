//go:build go1.23

package claude

import "iter"

// All are the results, and at their end the error if they broke off. Leaving the loop closes them.
func (r *BatchResults) All() iter.Seq2[BatchResult, error] {
	return func(yield func(BatchResult, error) bool) {
		defer r.Close()
		for r.Next() {
			if !yield(r.result, nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(BatchResult{}, err)
		}
	}
}
