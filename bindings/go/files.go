package claude

// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"
)

// FileService are files kept by the API, the field Files of a [Client].
type FileService struct{ owner *owner }

// FileMetadata is what the API tells of a file.
type FileMetadata struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Filename     string `json:"filename"`
	MIMEType     string `json:"mime_type"`
	SizeBytes    int64  `json:"size_bytes"`
	CreatedAt    Time   `json:"created_at"`
	ExpiresAt    Time   `json:"expires_at"`
	Downloadable bool   `json:"downloadable"`
	raw
}

// UnmarshalJSON reads a file's metadata and keeps its text.
func (f *FileMetadata) UnmarshalJSON(data []byte) error {
	type plain FileMetadata
	defer func() { f.raw = raw{string(data)} }()
	return json.Unmarshal(data, (*plain)(f))
}

// Upload uploads a file of a path. It is read while it is sent, and never held in memory.
func (s FileService) Upload(ctx context.Context, path string, options ...Option) (*FileMetadata, error) {
	file, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	return s.UploadFile(ctx, file, options...)
}

// UploadReader uploads what a reader brings, which is held in memory, under a name.
func (s FileService) UploadReader(ctx context.Context, reader io.Reader, name string,
	options ...Option) (*FileMetadata, error) {
	file, err := FileOfReader(reader, name)
	if err != nil {
		return nil, err
	}
	return s.UploadFile(ctx, file, options...)
}

// UploadFile uploads a file.
func (s FileService) UploadFile(ctx context.Context, file *File, options ...Option) (*FileMetadata, error) {
	return decodeAs[FileMetadata](s.owner.execute(ctx, fileSource(file, func(file *C.claude_file_t,
		out **C.claude_request_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_file_upload_request(file, out, failure)
	}), options))
}

// WithExpiresIn says how long the API keeps a file that is uploaded.
func WithExpiresIn(lifetime time.Duration) Option {
	return ofCalls("WithExpiresIn", func(request *C.claude_request_t) error {
		seconds := strconv.FormatInt(int64(lifetime/time.Second), 10)
		return FormPart{Name: "expires_in_seconds", Text: seconds}.add(request)
	})
}

// Download takes the content of a file, of any size, piece by piece; the server waits for a slow reader. Close the reader.
// Only what skills and code execution have made can be downloaded.
func (s FileService) Download(ctx context.Context, id string, options ...Option) (io.ReadCloser, error) {
	from := maker(func() (request *C.claude_request_t, err error) {
		err = withTexts(id, "the id of the file", nil, "", func(id, _ *C.char) error {
			var failure *C.claude_error_t
			return check(C.claude_file_download_request(id, &request, &failure), failure)
		})
		return request, err
	}).source()
	stream := s.owner.stream(ctx, from, options)
	if err := stream.begin(); err != nil {
		stream.Close()
		return nil, err
	}
	return stream, nil
}

// Get asks for what the API knows of a file.
func (s FileService) Get(ctx context.Context, id string, options ...Option) (*FileMetadata, error) {
	return decodeAs[FileMetadata](s.execute(ctx, "files.retrieve_metadata", id, options))
}

// Delete deletes a file.
func (s FileService) Delete(ctx context.Context, id string, options ...Option) (*Deleted, error) {
	return decodeAs[Deleted](s.execute(ctx, "files.delete", id, options))
}

func (s FileService) execute(ctx context.Context, endpoint, id string, options []Option) (*Response, error) {
	return s.owner.execute(ctx, Request{Endpoint: endpoint, Path: map[string]string{"file_id": id}}.source(), options)
}

// List fetches the first page of all files. Query is nil or as that of a [Request].
func (s FileService) List(ctx context.Context, query any, options ...Option) (*Page[FileMetadata], error) {
	return firstPage[FileMetadata](ctx, s.owner, Request{Endpoint: "files.list", Query: query}, options)
}

// ListAutoPaging goes through all files.
func (s FileService) ListAutoPaging(ctx context.Context, query any, options ...Option) *AutoPager[FileMetadata] {
	return autoPager[FileMetadata](ctx, s.owner, Request{Endpoint: "files.list", Query: query}, options)
}
