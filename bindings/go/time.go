package claude

import (
	"encoding/json"
	"time"
)

// A Time is a moment that the API names; the zero time where there is none, or it is not understood.
type Time struct{ time.Time }

// UnmarshalJSON reads RFC 3339, or a date alone.
func (t *Time) UnmarshalJSON(data []byte) error {
	var text string
	*t = Time{}
	if json.Unmarshal(data, &text) != nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if moment, err := time.Parse(layout, text); err == nil {
			t.Time = moment
			return nil
		}
	}
	return nil
}
