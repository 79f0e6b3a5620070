package claude

// #include <stdlib.h>
// #include "glue.h"
import "C"

import (
	"context"
	"encoding/json"
	"runtime"
	"unsafe"
)

// SkillService are skills kept by the API, the field Skills of a [Client].
type SkillService struct {
	// Versions are the versions of skills.
	Versions SkillVersionService
	owner    *owner
}

// SkillVersionService are the versions of skills, the field Versions of [SkillService].
type SkillVersionService struct{ owner *owner }

// A Skill is what the API tells of a skill.
type Skill struct {
	ID              string `json:"id"`
	Type            string `json:"type"`
	DisplayName     string `json:"display_name"`
	LatestVersionID string `json:"latest_version_id"`
	CreatedAt       Time   `json:"created_at"`
	UpdatedAt       Time   `json:"updated_at"`
	raw
}

// UnmarshalJSON reads a skill and keeps its text.
func (s *Skill) UnmarshalJSON(data []byte) error {
	type plain Skill
	defer func() { s.raw = raw{string(data)} }()
	return json.Unmarshal(data, (*plain)(s))
}

// A SkillVersion is what the API tells of a version of a skill.
type SkillVersion struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	SkillID     string `json:"skill_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	CreatedAt   Time   `json:"created_at"`
	raw
}

// UnmarshalJSON reads a version and keeps its text.
func (v *SkillVersion) UnmarshalJSON(data []byte) error {
	type plain SkillVersion
	defer func() { v.raw = raw{string(data)} }()
	return json.Unmarshal(data, (*plain)(v))
}

// A SkillFile is a file of a skill: Name is its path in the skill, "my-skill/SKILL.md".
type SkillFile struct {
	Name string
	File *File
}

// New creates a skill of files, all in one top folder, with a SKILL.md in it. The display name may be "".
func (s SkillService) New(ctx context.Context, displayName string, files []SkillFile, options ...Option) (*Skill, error) {
	return decodeAs[Skill](s.owner.execute(ctx, skillSource(displayName, files), options))
}

// NewFromDirectory creates a skill of all files in and below a directory, under the directory's own name. The display name
// may be "".
func (s SkillService) NewFromDirectory(ctx context.Context, path, displayName string, options ...Option) (*Skill, error) {
	return decodeAs[Skill](s.owner.execute(ctx, func() (maker, error) {
		var request *C.claude_request_t
		err := withTexts(path, "the path of the skill", orNil(displayName), "the display name",
			func(path, name *C.char) error {
				var failure *C.claude_error_t
				return check(C.claude_skill_from_directory(path, name, &request, &failure), failure)
			})
		if err != nil {
			return nil, err
		}
		return keep(request).maker(), nil
	}, options))
}

// Get asks for a skill.
func (s SkillService) Get(ctx context.Context, id string, options ...Option) (*Skill, error) {
	return decodeAs[Skill](s.owner.execute(ctx, skillRequest("skills.retrieve", id).source(), options))
}

// Delete deletes a skill.
func (s SkillService) Delete(ctx context.Context, id string, options ...Option) (*Deleted, error) {
	return decodeAs[Deleted](s.owner.execute(ctx, skillRequest("skills.delete", id).source(), options))
}

// List fetches the first page of all skills. Query is nil or as that of a [Request].
func (s SkillService) List(ctx context.Context, query any, options ...Option) (*Page[Skill], error) {
	return firstPage[Skill](ctx, s.owner, Request{Endpoint: "skills.list", Query: query}, options)
}

// ListAutoPaging goes through all skills.
func (s SkillService) ListAutoPaging(ctx context.Context, query any, options ...Option) *AutoPager[Skill] {
	return autoPager[Skill](ctx, s.owner, Request{Endpoint: "skills.list", Query: query}, options)
}

// NewFromDirectory creates a version of a skill, as [SkillService.NewFromDirectory].
func (s SkillVersionService) NewFromDirectory(ctx context.Context, skillID, path string,
	options ...Option) (*SkillVersion, error) {
	return decodeAs[SkillVersion](s.owner.execute(ctx, func() (maker, error) {
		make, err := skillRequest("skills.versions.create", skillID).source()()
		if err != nil {
			return nil, err
		}
		request, err := make()
		if err != nil {
			return nil, err
		}
		kept := keep(request)
		err = withTexts(path, "the path of the skill", nil, "", func(path, _ *C.char) error {
			var failure *C.claude_error_t
			return check(C.claude_skill_add_directory(kept.handle, path, &failure), failure)
		})
		return kept.maker(), err
	}, options))
}

// Get asks for a version of a skill.
func (s SkillVersionService) Get(ctx context.Context, skillID, version string, options ...Option) (*SkillVersion, error) {
	request := versionRequest("skills.versions.retrieve", skillID, version)
	return decodeAs[SkillVersion](s.owner.execute(ctx, request.source(), options))
}

// Delete deletes a version of a skill.
func (s SkillVersionService) Delete(ctx context.Context, skillID, version string, options ...Option) (*Deleted, error) {
	request := versionRequest("skills.versions.delete", skillID, version)
	return decodeAs[Deleted](s.owner.execute(ctx, request.source(), options))
}

// List fetches the first page of all versions of a skill. Query is nil or as that of a [Request].
func (s SkillVersionService) List(ctx context.Context, skillID string, query any,
	options ...Option) (*Page[SkillVersion], error) {
	request := skillRequest("skills.versions.list", skillID)
	request.Query = query
	return firstPage[SkillVersion](ctx, s.owner, request, options)
}

// ListAutoPaging goes through all versions of a skill.
func (s SkillVersionService) ListAutoPaging(ctx context.Context, skillID string, query any,
	options ...Option) *AutoPager[SkillVersion] {
	request := skillRequest("skills.versions.list", skillID)
	request.Query = query
	return autoPager[SkillVersion](ctx, s.owner, request, options)
}

func skillRequest(endpoint, id string) Request {
	return Request{Endpoint: endpoint, Path: map[string]string{"skill_id": id}}
}

func versionRequest(endpoint, id, version string) Request {
	return Request{Endpoint: endpoint, Path: map[string]string{"skill_id": id, "version": version}}
}

// skillSource is a request that creates a skill of files.
func skillSource(displayName string, files []SkillFile) source {
	return func() (maker, error) {
		for _, part := range files {
			if part.File == nil || part.File.handle == nil {
				return nil, errNoFile()
			}
		}
		return func() (request *C.claude_request_t, err error) {
			display, err := cText(displayName, "the display name")
			if err != nil {
				return nil, err
			}
			defer freeText(display)
			if displayName == "" {
				display = nil
			}
			lists, err := newSkillLists(files)
			defer lists.free()
			if err != nil {
				return nil, err
			}
			var failure *C.claude_error_t
			code := C.claude_skill_create_request(display, lists.files, lists.names, C.size_t(len(files)), &request,
				&failure)
			runtime.KeepAlive(files)
			return request, check(code, failure)
		}, nil
	}
}

// skillLists are the files and their names as C wants them, in C's memory.
type skillLists struct {
	files **C.claude_file_t
	names **C.char
	count int
}

func newSkillLists(files []SkillFile) (*skillLists, error) {
	size := C.size_t(len(files)+1) * C.size_t(unsafe.Sizeof(uintptr(0)))
	lists := &skillLists{(**C.claude_file_t)(C.malloc(size)), (**C.char)(C.malloc(size)), 0}
	for i, part := range files {
		name, err := cText(part.Name, "the name of a file")
		if err != nil {
			return lists, err
		}
		unsafe.Slice(lists.files, i+1)[i] = part.File.handle
		unsafe.Slice(lists.names, i+1)[i] = name
		lists.count++
	}
	return lists, nil
}

func (l *skillLists) free() {
	for _, name := range unsafe.Slice(l.names, l.count) {
		freeText(name)
	}
	C.free(unsafe.Pointer(l.files))
	C.free(unsafe.Pointer(l.names))
}
