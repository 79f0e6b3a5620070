package claude

import (
	"io"
	"runtime"
	"sync/atomic"
)

// A Stream is the events of an answer while it is made:
//
//	stream := client.Messages.NewStreaming(ctx, params)
//	defer stream.Close()
//	for stream.Next() {
//		fmt.Print(stream.Event().Text)
//	}
//	if err := stream.Err(); err != nil { ... }
//
// The lines of a batch's results are events, too. What is bytes, such as a file, is best taken with Read.
//
// A stream that is read slowly makes the server wait, and nobody else. One goroutine at a time may read it; any may close
// it. With Go 1.23 and later it can be ranged over: for event, err := range stream.All() { ... }
type Stream struct {
	owner   *owner
	call    *call // nil if the start failed
	unwatch func() bool
	events  []Event
	next    int
	event   Event
	unread  string // what Read has left of an event
	done    bool
	closed  atomic.Bool
	message *Message
	err     error
}

func newStream(own *owner, started *call, err error) *Stream {
	s := &Stream{owner: own, call: started, err: err, done: err != nil, unwatch: func() bool { return true }}
	if started != nil {
		if started.ctx.Done() != nil {
			s.unwatch = afterEnd(started.ctx, started.stop)
		}
		runtime.SetFinalizer(s, func(s *Stream) { go s.close() })
	}
	return s
}

// Next waits for the next event. False is the end of the stream: Err says whether it was a good one.
func (s *Stream) Next() bool {
	if (s.next == len(s.events) || s.call.stopped.Load()) && !s.fetch() {
		return false
	}
	s.event = s.events[s.next]
	s.next++
	return true
}

// fetch waits for more events; false at the end.
func (s *Stream) fetch() bool {
	s.event = Event{}
	if s.done || s.call == nil {
		return false
	}
	for {
		s.events = s.call.events(s.events)
		s.next = 0
		if len(s.events) == 0 {
			s.finish()
			return false
		}
		if !s.call.stopped.Load() {
			return true
		}
	}
}

// finish asks for the result of a call that is over.
func (s *Stream) finish() {
	s.done = true
	s.events = nil
	if s.closed.Load() {
		s.err = fail(CodeState, "the stream has been closed")
		return
	}
	defer s.close()
	s.call.observed.raise()
	s.call.engine.raise()
	response, err := s.call.result()
	s.call.engine.tell()
	if err != nil {
		s.err = err
		return
	}
	message := &Message{Response: response}
	if s.call.stopped.Load() { // what was left has not been read
		failed := ended(s.call.ctx, fail(CodeCanceled, ""))
		failed.HTTPStatus, failed.Response = response.Status(), message
		s.err = failed
		return
	}
	s.message = message
}

// Event is the event that Next has found.
func (s *Stream) Event() Event { return s.event }

// Err is why the stream failed; nil while it has not.
func (s *Stream) Err() error { return s.err }

// Read takes the bytes of an answer that is bytes, as an [io.Reader] does.
func (s *Stream) Read(into []byte) (int, error) {
	for len(into) > 0 && s.unread == "" {
		if !s.Next() {
			if s.err != nil {
				return 0, s.err
			}
			return 0, io.EOF
		}
		if s.event.Kind != EventBytes {
			return 0, fail(CodeState, "the answer is not bytes but events: take them with Next")
		}
		s.unread = s.event.Text
	}
	n := copy(into, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

// begin waits for the first event, which it does not take, or the end.
func (s *Stream) begin() error {
	if s.next == len(s.events) {
		s.fetch()
	}
	return s.err
}

// Message waits for the end of the stream, passing over events that were not read, and returns the whole message. What
// had come of a message that failed is in the Response of the [Error].
func (s *Stream) Message() (*Message, error) {
	for s.Next() {
	}
	return s.message, s.err
}

// Close ends the stream if it has not ended. It may be called more than once, and by any goroutine.
func (s *Stream) Close() error {
	runtime.SetFinalizer(s, nil)
	s.close()
	return nil
}

func (s *Stream) close() {
	if s.call != nil && s.closed.CompareAndSwap(false, true) {
		s.unwatch()
		s.call.release()
	}
	runtime.KeepAlive(s.owner)
}
