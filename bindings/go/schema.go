package claude

// #include "glue.h"
import "C"

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// A Schemer is a type that says its JSON schema itself.
type Schemer interface{ JSONSchema() json.RawMessage }

// SchemaOf is the JSON schema of a type, as encoding/json writes it: structs are objects with the members in order. A
// member is required unless its tag says omitempty. The tag jsonschema says more, as in
//
//	City  string   `json:"city" jsonschema:"description=Where\\, in one word"`
//	Unit  string   `json:"unit,omitempty" jsonschema:"enum=celsius,enum=fahrenheit"`
//	Days  int      `json:"days" jsonschema:"minimum=1,maximum=14"`
//
// with title, description, enum, format, pattern, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf,
// minLength, maxLength, minItems, maxItems and required; the tag jsonschema_description is a description that may have
// commas. A pointer without omitempty may be null. A type with other JSON than its fields' must be a [Schemer].
func SchemaOf[T any]() (json.RawMessage, error) { return schemaOf(reflect.TypeOf((*T)(nil)).Elem()) }

func schemaOf(root reflect.Type) (json.RawMessage, error) {
	w := &schemaWriter{names: map[reflect.Type]string{}}
	schema, err := w.schema(root, true, nil)
	for i := 0; err == nil && i < len(w.recursive); i++ {
		var definition []byte
		if definition, err = w.schema(w.recursive[i], true, nil); err == nil {
			w.definitions = append(w.definitions, member(w.names[w.recursive[i]], definition))
		}
	}
	if err != nil {
		return nil, fail(CodeInvalid, "no schema of %s: %v", root, err)
	}
	if len(w.definitions) > 0 {
		definitions := object(w.definitions)
		schema = append(append(schema[:len(schema)-1], ','), append(member("$defs", definitions), '}')...)
	}
	return schema, nil
}

type schemaWriter struct {
	names       map[reflect.Type]string // of types that contain themselves
	recursive   []reflect.Type
	definitions [][]byte
}

func member(name string, value []byte) []byte {
	text, _ := marshal(name)
	return append(append(text, ':'), value...)
}

func object(members [][]byte) []byte {
	return append(append([]byte{'{'}, bytes.Join(members, []byte{','})...), '}')
}

var (
	timeType      = reflect.TypeOf(time.Time{})
	numberType    = reflect.TypeOf(json.Number(""))
	rawType       = reflect.TypeOf(json.RawMessage{})
	schemerType   = reflect.TypeOf((*Schemer)(nil)).Elem()
	marshalerType = reflect.TypeOf((*json.Marshaler)(nil)).Elem()
	textType      = reflect.TypeOf((*encoding.TextMarshaler)(nil)).Elem()
)

// schema is that of a type, with more members that a tag gives. In place, a type that contains itself is written out.
func (w *schemaWriter) schema(t reflect.Type, inPlace bool, more [][]byte) ([]byte, error) {
	simple := func(kind string, own ...string) ([]byte, error) {
		members := [][]byte{[]byte(`"type":"` + kind + `"`)}
		for _, text := range own {
			members = append(members, []byte(text))
		}
		return object(append(members, more...)), nil
	}
	is := func(what reflect.Type) bool { return t.Implements(what) || reflect.PointerTo(t).Implements(what) }
	switch {
	case t.Kind() == reflect.Pointer:
		return w.schema(t.Elem(), inPlace, more)
	case is(schemerType):
		return w.own(t)
	case t == timeType:
		return simple("string", `"format":"date-time"`)
	case t == numberType:
		return simple("number")
	case t == rawType || t.Kind() == reflect.Interface:
		return object(more), nil
	case is(marshalerType):
		return nil, fmt.Errorf("%s has a MarshalJSON of its own, so it must be a Schemer", t)
	case is(textType):
		return simple("string")
	}
	switch t.Kind() {
	case reflect.Bool:
		return simple("boolean")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return simple("integer")
	case reflect.Float32, reflect.Float64:
		return simple("number")
	case reflect.String:
		return simple("string")
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
			return simple("string", `"contentEncoding":"base64"`)
		}
		items, err := w.schema(t.Elem(), false, nil)
		if err != nil {
			return nil, err
		}
		return simple("array", `"items":`+string(items))
	case reflect.Map:
		values, err := w.schema(t.Elem(), false, nil)
		if err != nil {
			return nil, err
		}
		return simple("object", `"additionalProperties":`+string(values))
	case reflect.Struct:
		return w.structure(t, inPlace, more)
	}
	return nil, fmt.Errorf("JSON has nothing like %s", t)
}

func (w *schemaWriter) own(t reflect.Type) ([]byte, error) {
	schemer, ok := reflect.New(t).Interface().(Schemer)
	if !ok {
		schemer = reflect.Zero(t).Interface().(Schemer)
	}
	schema := schemer.JSONSchema()
	if !json.Valid(schema) {
		return nil, fmt.Errorf("JSONSchema of %s gives no JSON", t)
	}
	return schema, nil
}

func (w *schemaWriter) structure(t reflect.Type, inPlace bool, more [][]byte) ([]byte, error) {
	if !inPlace && reaches(t, t, map[reflect.Type]bool{}) {
		if w.names[t] == "" {
			w.names[t] = t.Name() + strings.Repeat("_", len(w.recursive))
			w.recursive = append(w.recursive, t)
		}
		reference, _ := marshal("#/$defs/" + w.names[t])
		return []byte(`{"$ref":` + string(reference) + `}`), nil
	}
	var properties [][]byte
	required := []string{}
	for _, field := range fieldsOf(t) {
		schema, err := w.field(&field)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t, field.Name, err)
		}
		properties = append(properties, member(field.name, schema))
		if field.required {
			required = append(required, field.name)
		}
	}
	names, _ := marshal(required)
	return object(append([][]byte{[]byte(`"type":"object"`), member("properties", object(properties)),
		member("required", names)}, more...)), nil
}

// reaches says whether a type contains another.
func reaches(from, to reflect.Type, seen map[reflect.Type]bool) bool {
	switch from.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return from.Elem() == to || reaches(from.Elem(), to, seen)
	case reflect.Struct:
		if seen[from] {
			return false
		}
		seen[from] = true
		for i := 0; i < from.NumField(); i++ {
			if field := from.Field(i).Type; field == to || reaches(field, to, seen) {
				return true
			}
		}
	}
	return false
}

// A schemaField is a field of a struct as encoding/json sees it.
type schemaField struct {
	reflect.StructField
	name     string
	asString bool
	required bool
	nullable bool
}

// fieldsOf are the fields of a struct; those of embedded structs give way to its own.
func fieldsOf(t reflect.Type) []schemaField {
	var all []schemaField
	taken := map[string]bool{}
	add := func(field schemaField) {
		if !taken[field.name] {
			taken[field.name] = true
			all = append(all, field)
		}
	}
	var embedded []reflect.Type
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case name == "-" && options == "":
		case field.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			embedded = append(embedded, inner)
		case field.IsExported():
			if name == "" {
				name = field.Name
			}
			options = "," + options + ","
			optional := strings.Contains(options, ",omitempty,") || strings.Contains(options, ",omitzero,")
			add(schemaField{field, name, strings.Contains(options, ",string,"), !optional,
				!optional && field.Type.Kind() == reflect.Pointer})
		}
	}
	for _, inner := range embedded {
		for _, field := range fieldsOf(inner) {
			add(field)
		}
	}
	return all
}

// field is the schema of a field with what its tags say.
func (w *schemaWriter) field(field *schemaField) ([]byte, error) {
	t := field.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if field.asString {
		t = reflect.TypeOf("")
	}
	tags, err := readTags(field, t)
	if err != nil {
		return nil, err
	}
	items := t.Kind() == reflect.Slice || t.Kind() == reflect.Array
	if items && len(tags.enum) > 0 { // of the items
		element, err := w.schema(t.Elem(), false, [][]byte{tags.enumMember()})
		if err != nil {
			return nil, err
		}
		return object(append([][]byte{[]byte(`"type":"array"`), member("items", element)}, tags.members...)), nil
	}
	if len(tags.enum) > 0 {
		tags.members = append(tags.members, tags.enumMember())
	}
	if !field.nullable {
		return w.schema(t, false, tags.members)
	}
	schema, err := w.schema(t, false, nil)
	either := append(append([]byte(`[`), schema...), `,{"type":"null"}]`...)
	return object(append([][]byte{member("anyOf", either)}, tags.members...)), err
}

type schemaTags struct {
	members [][]byte
	enum    [][]byte
}

func (s *schemaTags) enumMember() []byte {
	return member("enum", append(append([]byte{'['}, bytes.Join(s.enum, []byte{','})...), ']'))
}

// readTags reads the tags jsonschema and jsonschema_description of a field of a type.
func readTags(field *schemaField, t reflect.Type) (*schemaTags, error) {
	tags := &schemaTags{}
	if text := field.Tag.Get("jsonschema_description"); text != "" {
		quoted, _ := marshal(text)
		tags.members = append(tags.members, member("description", quoted))
	}
	for _, tag := range splitTag(field.Tag.Get("jsonschema")) {
		name, value, _ := strings.Cut(tag, "=")
		quoted, _ := marshal(value)
		switch name {
		case "required":
			field.required = true
		case "title", "description", "format", "pattern":
			tags.members = append(tags.members, member(name, quoted))
		case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
			"minItems", "maxItems":
			if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
				return nil, fmt.Errorf("%s in the tag jsonschema is %q, which is no number", name, value)
			}
			tags.members = append(tags.members, member(name, []byte(value)))
		case "enum":
			if t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
				t = t.Elem()
			}
			if t.Kind() != reflect.String {
				if !json.Valid([]byte(value)) {
					return nil, fmt.Errorf("enum in the tag jsonschema is %q, which is no value of %s", value, t)
				}
				quoted = []byte(value)
			}
			tags.enum = append(tags.enum, quoted)
		default:
			return nil, fmt.Errorf("%q in the tag jsonschema is not known", name)
		}
	}
	return tags, nil
}

// splitTag splits a tag at commas that have no backslash before them.
func splitTag(tag string) []string {
	var parts []string
	part := ""
	for i := 0; i < len(tag); i++ {
		switch {
		case tag[i] == '\\' && i+1 < len(tag) && tag[i+1] == ',':
			i++
			part += ","
		case tag[i] == ',':
			parts = append(parts, part)
			part = ""
		default:
			part += tag[i : i+1]
		}
	}
	if part != "" {
		parts = append(parts, part)
	}
	return parts
}

// CheckSchema checks a JSON value against a JSON schema. docs/structured.md says what is checked.
func CheckSchema(schema, value json.RawMessage) error {
	var failure *C.claude_error_t
	code := C.claude_schema_check(asCText(schema), C.size_t(len(schema)), asCText(value), C.size_t(len(value)), &failure)
	return check(code, failure)
}

// TransformSchema is a JSON schema in the subset that the API supports, as [WithOutputSchema] sends it.
func TransformSchema(schema json.RawMessage) (json.RawMessage, error) {
	var changed *C.claude_response_t
	var failure *C.claude_error_t
	code := C.claude_schema_transform(asCText(schema), C.size_t(len(schema)), &changed, &failure)
	if err := check(code, failure); err != nil {
		return nil, err
	}
	defer C.claude_response_unref(changed)
	return json.RawMessage(copyResponse(changed).json), nil
}
