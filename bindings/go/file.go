package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"io"
	"reflect"
	"runtime"
	"sync/atomic"
)

// A File is a file to be sent: of a path, whose content is read while it is sent and never held in memory, or of bytes.
//
// It may stand for a string anywhere in a request's body, where its content is sent in base64, and in a form as it is. It
// may be sent any number of times, by any goroutine.
type File struct{ handle *C.claude_file_t }

// anyFiles says whether there has ever been a file: until then no body is searched for one.
var anyFiles atomic.Bool

// OpenFile looks at a file of a path. If it has changed when it is sent, the call fails with [CodeIO].
func OpenFile(path string) (*File, error) {
	text, err := cText(path, "the path of the file")
	if err != nil {
		return nil, err
	}
	defer freeText(text)
	var handle *C.claude_file_t
	var failure *C.claude_error_t
	code := C.claude_file_open(text, &handle, &failure)
	return newFile(handle, check(code, failure))
}

// FileOfBytes makes a file of a copy of bytes, called `name` where a name is wanted.
func FileOfBytes(bytes []byte, name string) (*File, error) {
	text, err := cText(name, "the name of the file")
	if err != nil {
		return nil, err
	}
	defer freeText(text)
	if name == "" {
		text = nil
	}
	var handle *C.claude_file_t
	var failure *C.claude_error_t
	code := C.claude_file_from_bytes(pointer(asCText(bytes)), C.size_t(len(bytes)), text, &handle, &failure)
	return newFile(handle, check(code, failure))
}

// FileOfReader makes a file of all that a reader brings. That is held in memory: for large files use [OpenFile].
func FileOfReader(reader io.Reader, name string) (*File, error) {
	bytes, err := io.ReadAll(reader)
	if err != nil {
		return nil, fail(CodeIO, "the content of file %q cannot be read: %v", name, err)
	}
	return FileOfBytes(bytes, name)
}

func newFile(handle *C.claude_file_t, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	anyFiles.Store(true)
	file := &File{handle}
	runtime.SetFinalizer(file, func(file *File) { C.claude_file_unref(file.handle) })
	return file, nil
}

func errNoFile() error {
	return fail(CodeInvalid, "the file was not made by OpenFile, FileOfBytes or FileOfReader")
}

// Name is the last part of the path, or what the bytes are called.
func (f *File) Name() string { return f.text(C.claude_file_name(f.handle)) }

// MediaType is told by the first bytes, or else by the name; "application/octet-stream" if neither tells.
func (f *File) MediaType() string { return f.text(C.claude_file_media_type(f.handle)) }

// Size is how many bytes there are.
func (f *File) Size() int64 {
	defer runtime.KeepAlive(f)
	return int64(C.claude_file_size(f.handle))
}

// Token is the text that stands for the file in a body that is a [json.RawMessage], see the Files of a [Request].
func (f *File) Token() string { return f.text(C.claude_file_token(f.handle)) }

func (f *File) text(text *C.char) string {
	defer runtime.KeepAlive(f)
	return C.GoString(text)
}

// MarshalJSON writes the file's token.
func (f *File) MarshalJSON() ([]byte, error) {
	if f.handle == nil {
		return nil, errNoFile()
	}
	return json.Marshal(f.Token())
}

var fileType = reflect.TypeOf(File{})

// filesIn finds the files in a body.
func filesIn(body any) []*File {
	if body == nil || !anyFiles.Load() {
		return nil
	}
	search := fileSearch{seen: map[uintptr]bool{}}
	search.in(reflect.ValueOf(body))
	return search.found
}

type fileSearch struct {
	found []*File
	seen  map[uintptr]bool // pointers that were followed, because there may be circles where JSON does not go
}

func (s *fileSearch) in(value reflect.Value) {
	switch value.Kind() {
	case reflect.Pointer:
		if value.IsNil() || s.seen[value.Pointer()] {
			return
		}
		s.seen[value.Pointer()] = true
		if value.Type().Elem() == fileType {
			s.found = append(s.found, (*File)(value.UnsafePointer()))
			return
		}
		s.in(value.Elem())
	case reflect.Interface:
		s.in(value.Elem())
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			s.in(value.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if !holdsPointers(value.Type().Elem().Kind()) {
			return
		}
		for i := 0; i < value.Len(); i++ {
			s.in(value.Index(i))
		}
	case reflect.Map:
		if !holdsPointers(value.Type().Elem().Kind()) {
			return
		}
		for members := value.MapRange(); members.Next(); {
			s.in(members.Value())
		}
	}
}

func holdsPointers(kind reflect.Kind) bool {
	return kind == reflect.Pointer || kind == reflect.Interface || kind == reflect.Struct || kind == reflect.Slice ||
		kind == reflect.Array || kind == reflect.Map
}
