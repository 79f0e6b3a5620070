package claude_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

type base struct {
	ID   string `json:"id" jsonschema:"title=The id,pattern=^[a-z]+$"`
	Name string `json:"name"`
}

type tree struct {
	Value    int     `json:"value"`
	Children []*tree `json:"children,omitempty"`
}

type colour string

func (colour) JSONSchema() json.RawMessage {
	return json.RawMessage(`{"type":"string","enum":["red"]}`)
}

type celsius float64

func (celsius) MarshalText() ([]byte, error) { return []byte("cold"), nil }

type everything struct {
	*base
	Name    string            `json:"name" jsonschema:"description=One\\, two,minLength=1"`
	Count   int64             `json:"count" jsonschema:"enum=1,enum=2,maximum=2"`
	Share   float64           `json:"share,omitempty" jsonschema:"required"`
	Yes     bool              `json:"yes,omitempty"`
	Tags    []string          `json:"tags" jsonschema:"enum=a,enum=b,maxItems=3"`
	Map     map[string][2]int `json:"map"`
	When    time.Time         `json:"when"`
	Bytes   []byte            `json:"bytes"`
	Any     any               `json:"any"`
	Maybe   *string           `json:"maybe" jsonschema_description:"May be, or not"`
	Not     *int              `json:"not,omitempty"`
	Tree    tree              `json:"tree"`
	Colour  colour            `json:"colour"`
	Celsius celsius           `json:"celsius"`
	Text    int               `json:"text,string"`
	Number  json.Number       `json:"number"`
	Plain   uint8
	Hidden  string `json:"-"`
	hidden  string //nolint
}

func TestSchemaOfEverything(t *testing.T) {
	schema, err := claude.SchemaOf[everything]()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"object","properties":{` +
		`"name":{"type":"string","description":"One, two","minLength":1},` +
		`"count":{"type":"integer","maximum":2,"enum":[1,2]},` +
		`"share":{"type":"number"},"yes":{"type":"boolean"},` +
		`"tags":{"type":"array","items":{"type":"string","enum":["a","b"]},"maxItems":3},` +
		`"map":{"type":"object","additionalProperties":{"type":"array","items":{"type":"integer"}}},` +
		`"when":{"type":"string","format":"date-time"},"bytes":{"type":"string","contentEncoding":"base64"},"any":{},` +
		`"maybe":{"anyOf":[{"type":"string"},{"type":"null"}],"description":"May be, or not"},` +
		`"not":{"type":"integer"},"tree":{"$ref":"#/$defs/tree"},"colour":{"type":"string","enum":["red"]},` +
		`"celsius":{"type":"string"},"text":{"type":"string"},"number":{"type":"number"},"Plain":{"type":"integer"},` +
		`"id":{"type":"string","title":"The id","pattern":"^[a-z]+$"}},` +
		`"required":["name","count","share","tags","map","when","bytes","any","maybe","tree","colour","celsius","text",` +
		`"number","Plain","id"],` +
		`"$defs":{"tree":{"type":"object","properties":{"value":{"type":"integer"},` +
		`"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["value"]}}}`
	equal(t, "schema", string(schema), want)
	_ = everything{hidden: ""}
	text := ""
	value, err := json.Marshal(everything{base: &base{ID: "a"}, Name: "n", Count: 1, Share: 1, Tags: []string{"a"}, Map: map[string][2]int{},
		Bytes: []byte("x"), Maybe: &text, Tree: tree{1, []*tree{{Value: 2}}}, Colour: "red", Number: "7"})
	if err == nil {
		err = claude.CheckSchema(schema, value)
	}
	if err != nil {
		t.Errorf("what encoding/json writes does not fit: %v in %s", err, value)
	}
	wantInvalid(t, claude.CheckSchema(schema, json.RawMessage(strings.Replace(string(value), `"count":1`, `"count":3`, 1))), "/count")
}

func TestSchemasOfLittle(t *testing.T) {
	for want, of := range map[string]func() (json.RawMessage, error){
		`{"type":"integer"}`:                                   claude.SchemaOf[*int],
		`{"type":"object","properties":{},"required":[]}`:      claude.SchemaOf[struct{}],
		`{"type":"array","items":{"type":"array","items":{}}}`: claude.SchemaOf[[][]any],
		`{"type":"object","properties":{"value":{"type":"integer"},"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},` +
			`"required":["value"],"$defs":{"tree":{"type":"object","properties":{"value":{"type":"integer"},"children":` +
			`{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["value"]}}}`: claude.SchemaOf[tree],
	} {
		got, err := of()
		if err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	for named, of := range map[string]func() (json.RawMessage, error){
		"C: JSON has nothing like chan int": claude.SchemaOf[struct{ C chan int }],
		"Schemer":                           claude.SchemaOf[struct{ M odd }],
		`"minimun" in the tag`: claude.SchemaOf[struct {
			A int `jsonschema:"minimun=1"`
		}],
		`"one", which is no number`: claude.SchemaOf[struct {
			A int `jsonschema:"minimum=one"`
		}],
		`"one", which is no value of int`: claude.SchemaOf[struct {
			A int `jsonschema:"enum=one"`
		}],
	} {
		_, err := of()
		wantInvalid(t, err, named)
	}
}

type odd struct{}

func (*odd) MarshalJSON() ([]byte, error) { return nil, errors.New("odd") }

type city struct {
	City    string  `json:"city"`
	Degrees float64 `json:"degrees" jsonschema:"minimum=-90,maximum=60"`
}

func TestStructuredOutput(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	answer := func(text, reason string) {
		quoted, _ := json.Marshal(text)
		server.use(`{"body_json": {"type": "message", "stop_reason": "` + reason + `", "content": [{"type": "text", "text": ` +
			string(quoted) + `}]}}`)
	}
	answer(`{"city": "Oslo", "degrees": -3.5}`, "end_turn")
	got, message, err := claude.NewParsed[city](background, client, params("Where is it cold?"))
	if err != nil || got != (city{"Oslo", -3.5}) || message.StopReason() != "end_turn" {
		t.Fatalf("%+v, %v, %v", got, message, err)
	}
	var sent struct {
		OutputConfig struct{ Format map[string]any } `json:"output_config"`
	}
	if err = json.Unmarshal([]byte(server.requests()[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	schema, _ := sent.OutputConfig.Format["schema"].(map[string]any)
	if schema["additionalProperties"] != false || sent.OutputConfig.Format["type"] != "json_schema" {
		t.Errorf("sent %v", sent)
	}
	for text, code := range map[string]claude.Code{
		`{"city": "Oslo", "degrees": 99}`: claude.CodeProtocol, `Oslo`: claude.CodeProtocol, `{"city": "Oslo"}`: claude.CodeProtocol,
	} {
		answer(text, "end_turn")
		got, message, err = claude.NewParsed[city](background, client, params("Where is it cold?"))
		wantCode(t, err, code)
		if message == nil {
			t.Error("there is no message")
		}
	}
	answer(`{"city": "Oslo", "degrees": 9}`, "max_tokens")
	_, _, err = claude.NewParsed[city](background, client, params("Where is it cold?"))
	wantCode(t, err, claude.CodeTruncated)
	answer("", "refusal")
	_, _, err = claude.NewParsed[city](background, client, params("Where is it cold?"))
	wantCode(t, err, claude.CodeAPI)

	_, _, err = claude.NewParsed[chan int](background, client, params("Where?"))
	wantInvalid(t, err, "chan int")
	_, err = client.Messages.New(background, params("Where?"), claude.WithOutputSchema(map[string]any{"properties": 1}))
	wantInvalid(t, err, "type")
	changed, err := claude.TransformSchema(json.RawMessage(`{"type":"integer","minimum":1}`))
	equal(t, "transformed", []any{string(changed), err}, []any{`{"type":"integer","description":"{minimum: 1}"}`, nil})
}
