//go:build go1.23

package claude

import "iter"

// All are the events of the stream, and at its end the error if it failed. Leaving the loop closes the stream.
func (s *Stream) All() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		defer s.Close()
		for s.Next() {
			if !yield(s.Event(), nil) {
				return
			}
		}
		if s.Err() != nil {
			yield(Event{}, s.Err())
		}
	}
}
