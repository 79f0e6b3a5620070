package claude

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// MessageParams are the parameters of a message that most programs need. Extra takes all others: they are members of the
// request's JSON as they are. A map or a struct of the program's own serves as well.
type MessageParams struct {
	Model         string         `json:"model"`
	MaxTokens     int64          `json:"max_tokens"`
	Messages      []MessageParam `json:"messages"`
	System        any            `json:"system,omitempty"` // text or blocks
	Temperature   *float64       `json:"temperature,omitempty"`
	TopP          *float64       `json:"top_p,omitempty"`
	TopK          *int64         `json:"top_k,omitempty"`
	StopSequences []string       `json:"stop_sequences,omitempty"`
	Tools         any            `json:"tools,omitempty"`
	ToolChoice    any            `json:"tool_choice,omitempty"`
	Thinking      any            `json:"thinking,omitempty"`
	Metadata      any            `json:"metadata,omitempty"`
	Extra         map[string]any `json:"-"`
}

// MarshalJSON writes the parameters and what is in Extra, which wins.
func (p MessageParams) MarshalJSON() ([]byte, error) {
	type plain MessageParams
	text, err := marshal(plain(p))
	if err != nil || len(p.Extra) == 0 {
		return text, err
	}
	members := map[string]any{}
	var own map[string]json.RawMessage
	if err := json.Unmarshal(text, &own); err != nil {
		return nil, err
	}
	for name, value := range own {
		members[name] = value
	}
	for name, value := range p.Extra {
		members[name] = value
	}
	return marshal(members)
}

// A MessageParam is a message of a request.
type MessageParam struct {
	Role    string `json:"role"`
	Content any    `json:"content"` // text or blocks
}

// UserText is a message of the user.
func UserText(text string) MessageParam { return MessageParam{"user", text} }

// AssistantText is a message of the assistant.
func AssistantText(text string) MessageParam { return MessageParam{"assistant", text} }

// marshal is [json.Marshal] that leaves <, > and & as they are.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte{'\n'}), nil
}

// encode is a body as JSON: raw JSON as it is, anything else by encoding/json. Nil is no body.
func encode(body any) ([]byte, error) {
	switch given := body.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return append([]byte{}, given...), nil
	}
	text, err := marshal(body)
	if err != nil {
		return nil, fail(CodeInvalid, "the parameters cannot be written as JSON: %v", err)
	}
	// encoding/json replaces what is not UTF-8, and writes the replacement as an escape only then.
	if bytes.Contains(text, []byte(`\ufffd`)) {
		if where := invalidText(reflect.ValueOf(body), "the parameters", 0); where != "" {
			return nil, fail(CodeInvalid, "%s is not valid UTF-8", where)
		}
	}
	return text, nil
}

// invalidText names the first string in a value that is not UTF-8; "" if there is none.
func invalidText(value reflect.Value, name string, depth int) string {
	if depth > 1000 { // encoding/json has written it, so it has an end
		return ""
	}
	switch value.Kind() {
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return name
		}
	case reflect.Interface, reflect.Pointer:
		return invalidText(value.Elem(), name, depth+1)
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			if where := invalidText(value.Field(i), name+"."+value.Type().Field(i).Name, depth+1); where != "" {
				return where
			}
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < value.Len(); i++ {
			if where := invalidText(value.Index(i), name+"["+strconv.Itoa(i)+"]", depth+1); where != "" {
				return where
			}
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			if where := invalidText(key, "a key of "+name, depth+1); where != "" {
				return where
			}
			if where := invalidText(value.MapIndex(key), fmt.Sprintf("%s[%v]", name, key), depth+1); where != "" {
				return where
			}
		}
	}
	return ""
}
