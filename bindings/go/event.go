package claude

// #include "glue.h"
import "C"

import "encoding/json"

// An EventKind is what an event of a stream is. More will come: treat an unknown one like [EventOther].
type EventKind int32

// The kinds of events.
const (
	EventMessageStart EventKind = C.CLAUDE_EVENT_MESSAGE_START
	EventMessageDelta EventKind = C.CLAUDE_EVENT_MESSAGE_DELTA
	EventMessageStop  EventKind = C.CLAUDE_EVENT_MESSAGE_STOP
	EventBlockStart   EventKind = C.CLAUDE_EVENT_BLOCK_START
	EventBlockStop    EventKind = C.CLAUDE_EVENT_BLOCK_STOP

	// The content_block_delta events, by the type of their delta. The first four have text.
	EventTextDelta       EventKind = C.CLAUDE_EVENT_TEXT_DELTA
	EventThinkingDelta   EventKind = C.CLAUDE_EVENT_THINKING_DELTA
	EventSignatureDelta  EventKind = C.CLAUDE_EVENT_SIGNATURE_DELTA
	EventInputJSONDelta  EventKind = C.CLAUDE_EVENT_INPUT_JSON_DELTA
	EventCitationsDelta  EventKind = C.CLAUDE_EVENT_CITATIONS_DELTA
	EventCompactionDelta EventKind = C.CLAUDE_EVENT_COMPACTION_DELTA
	EventOtherDelta      EventKind = C.CLAUDE_EVENT_OTHER_DELTA

	EventPing EventKind = C.CLAUDE_EVENT_PING

	// A line of an answer of JSON lines, such as the results of a batch: RawJSON has it.
	EventLine EventKind = C.CLAUDE_EVENT_LINE
	// The next bytes of an answer of bytes, such as a file: Text has them. A [Stream] can be read, too.
	EventBytes EventKind = C.CLAUDE_EVENT_BYTES

	// An event of a server that is newer than the library.
	EventOther EventKind = C.CLAUDE_EVENT_OTHER
)

// An Event is one event of a stream. It may be kept. Its texts share memory with those of its neighbours, up to 64 KiB:
// use [strings.Clone] to keep a few of very many.
type Event struct {
	Kind EventKind
	// Index is that of the content block the event belongs to, -1 if there is none.
	Index int
	// Text is what a text, thinking, signature or input_json delta brings. A text delta never splits a character.
	Text string

	json    string
	name    string
	hasText bool
}

// Type is the event's type on the wire, for example "content_block_delta".
func (e Event) Type() string {
	switch e.Kind {
	case EventMessageStart:
		return "message_start"
	case EventMessageDelta:
		return "message_delta"
	case EventMessageStop:
		return "message_stop"
	case EventBlockStart:
		return "content_block_start"
	case EventBlockStop:
		return "content_block_stop"
	case EventPing:
		return "ping"
	case EventTextDelta, EventThinkingDelta, EventSignatureDelta, EventInputJSONDelta, EventCitationsDelta,
		EventCompactionDelta, EventOtherDelta:
		return "content_block_delta"
	}
	return e.name
}

// HasText says whether the event is of a kind that has text, which may be empty.
func (e Event) HasText() bool { return e.hasText }

// RawJSON is the event's data exactly as received.
func (e Event) RawJSON() string { return e.json }

// Decode decodes the event's data into what v points to, as [json.Unmarshal] does.
func (e Event) Decode(v any) error { return json.Unmarshal([]byte(e.json), v) }

// size is about how much memory the event holds.
func (e *Event) size() int { return 64 + len(e.json) + len(e.Text) }
