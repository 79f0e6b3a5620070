package claude_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"libclaude/claude"
)

// png is the beginning of a picture, enough to be known as one.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

func newFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesInMessages(t *testing.T) {
	server := startSandbox(t)
	client := server.client()
	path := newFile(t, "dot.png", png)
	image, err := claude.ImagePath(path)
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := claude.ImageBytes([]byte(png), "")
	if err != nil {
		t.Fatal(err)
	}
	document, err := claude.DocumentBytes([]byte("Of whales."), "text/plain")
	if err != nil {
		t.Fatal(err)
	}
	document["title"] = "Whales"
	talk := params("")
	talk.Messages = []claude.MessageParam{claude.UserMessage(image, inMemory, document, claude.Text("What is it?"))}
	runtime.GC() // the file lives in the block alone
	message, err := client.Messages.New(background, talk)
	if err != nil || message.Text() != "Echo: What is it?" {
		t.Fatalf("%v, %v", message, err)
	}
	var sent struct {
		Messages []struct{ Content []map[string]any }
	}
	if err := json.Unmarshal([]byte(server.requests()[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	blocks := sent.Messages[0].Content
	equal(t, "both pictures", blocks[0], blocks[1])
	equal(t, "media type", blocks[0]["source"].(map[string]any)["media_type"], "image/png")
	equal(t, "title", blocks[2]["title"], "Whales")
	equal(t, "data", blocks[2]["source"].(map[string]any)["data"], "Of whales.")

	if err := os.WriteFile(path, []byte(png+"more"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = client.Messages.New(background, talk)
	wantCode(t, err, claude.CodeIO)
}

func TestOtherBlocks(t *testing.T) {
	for want, make := range map[string]func() (claude.Block, error){
		`{"source":{"type":"url","url":"https://example.com/a.png"},"type":"image"}`: func() (claude.Block, error) {
			return claude.ImageURL("https://example.com/a.png")
		},
		`{"source":{"file_id":"file_1","type":"file"},"type":"image"}`: func() (claude.Block, error) {
			return claude.ImageFileID("file_1")
		},
		`{"source":{"type":"url","url":"https://example.com/a.pdf"},"type":"document"}`: func() (claude.Block, error) {
			return claude.DocumentURL("https://example.com/a.pdf")
		},
		`{"source":{"file_id":"file_1","type":"file"},"type":"document"}`: func() (claude.Block, error) {
			return claude.DocumentFileID("file_1")
		},
		`{"source":{"data":"text","media_type":"text/plain","type":"text"},"type":"document"}`: func() (claude.Block, error) {
			return claude.DocumentPath(newFile(t, "a.txt", "text"))
		},
		`{"content":"no","is_error":true,"tool_use_id":"t","type":"tool_result"}`: func() (claude.Block, error) {
			return claude.ToolResult("t", "no", true), nil
		},
	} {
		block, err := make()
		text, _ := json.Marshal(block)
		if err != nil || string(text) != want {
			t.Errorf("%s, %v, want %s", text, err, want)
		}
	}
	_, err := claude.ImageBytes([]byte("no picture"), "image/png")
	wantInvalid(t, err)
	_, err = claude.ImageURL("")
	wantInvalid(t, err)
	_, err = claude.ImagePath("/nowhere/at all")
	wantCode(t, err, claude.CodeIO)
	_, err = claude.ImageFile(nil)
	wantInvalid(t, err, "OpenFile")
	_, err = claude.ImagePath("a\x00b")
	wantInvalid(t, err, "NUL at byte 1")
	_, err = json.Marshal(&claude.File{})
	if err == nil {
		t.Error("a file that was not made is written")
	}
}

// A file may stand anywhere in a body, also where only reflection finds it.
func TestFilesInOddPlaces(t *testing.T) {
	server := startSandbox(t)
	file, err := claude.FileOfReader(strings.NewReader("abc"), "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "name, type, size", []any{file.Name(), file.MediaType(), file.Size()}, []any{"a.txt", "text/plain", 3})
	type inner struct{ Deep [1]*claude.File }
	type circle struct {
		In   map[string]*inner
		Self *circle `json:"-"`
	}
	odd := &circle{In: map[string]*inner{"x": {[1]*claude.File{file}}}}
	odd.Self = odd
	talk := params("Hello")
	talk.Extra = map[string]any{"odd": odd}
	if _, err = server.client().Messages.New(background, talk); err != nil {
		t.Fatal(err)
	}
	if sent := server.requests()[0].Body; !strings.Contains(sent, `{"In":{"x":{"Deep":["YWJj"]}}}`) {
		t.Errorf("sent %s", sent)
	}
}

func TestFiles(t *testing.T) {
	client := startSandbox(t).client()
	content := strings.Repeat("0123456789abcdef", 100<<10)
	var whole *claude.Response
	uploaded, err := client.Files.Upload(background, newFile(t, "a.txt", content), claude.WithExpiresIn(2*time.Hour),
		claude.WithResponseInto(&whole))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "metadata", []any{uploaded.Filename, uploaded.MIMEType, uploaded.SizeBytes, uploaded.Type},
		[]any{"a.txt", "text/plain", len(content), "file"})
	equal(t, "lifetime", uploaded.ExpiresAt.Sub(uploaded.CreatedAt.Time), 2*time.Hour)
	equal(t, "status", whole.Status(), 200)
	equal(t, "JSON", uploaded.RawJSON(), whole.RawJSON())
	body, err := client.Files.Download(background, uploaded.ID)
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(body)
	if err != nil || string(read) != content {
		t.Errorf("%d bytes, %v", len(read), err)
	}
	equal(t, "close", body.Close(), nil)
	second, err := client.Files.UploadReader(background, strings.NewReader("b"), "b.txt")
	if err != nil {
		t.Fatal(err)
	}
	page, err := client.Files.List(background, map[string]any{"limit": 1})
	if err != nil || len(page.Data) != 1 || page.Data[0].Filename != "b.txt" {
		t.Fatalf("%+v, %v", page, err)
	}
	again, err := client.Files.Get(background, second.ID)
	if err != nil || again.ID != second.ID {
		t.Fatalf("%+v, %v", again, err)
	}
	deleted, err := client.Files.Delete(background, second.ID)
	if err != nil || deleted.ID != second.ID || deleted.Type != "file_deleted" {
		t.Fatalf("%+v, %v", deleted, err)
	}
	_, err = client.Files.Get(background, second.ID)
	wantCode(t, err, claude.CodeNotFound)
	_, err = client.Files.Download(background, second.ID)
	wantCode(t, err, claude.CodeNotFound)
	_, err = client.Files.Get(background, "..")
	wantInvalid(t, err, "file_id")
	_, err = client.Files.UploadFile(background, nil)
	wantInvalid(t, err, "OpenFile")
	_, err = client.Files.UploadReader(background, failingReader{}, "a")
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the reader's error: %v", err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// A download of any size takes little memory, and ends with its context.
func TestDownloadInPieces(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	server.use(`{"body_repeat": {"chunk": "` + strings.Repeat("x", 1000) + `", "count": 60000},
		"headers": [["content-type", "application/octet-stream"]]}`)
	client := server.client()
	before := resident(t)
	body, err := client.Files.Download(background, "file_1")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	total, largest := 0, 0
	for buffer := make([]byte, 300<<10); err == nil; {
		var n int
		n, err = body.Read(buffer)
		total += n
		if total%(10<<20) < n {
			if grown := resident(t) - before; grown > largest {
				largest = grown
			}
		}
	}
	if err != io.EOF || total != 60e6 || largest > 20<<20 {
		t.Errorf("%d bytes with %d MiB more, %v", total, largest>>20, err)
	}

	ctx, cancel := context.WithCancel(background)
	if body, err = client.Files.Download(ctx, "file_1"); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = io.Copy(io.Discard, body)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	stream := client.Messages.NewStreaming(background, params("Hello"), scenario("text"))
	defer stream.Close()
	_, err = stream.Read(make([]byte, 1))
	wantCode(t, err, claude.CodeState)
}

func TestSkills(t *testing.T) {
	client := startSandbox(t).client()
	folder := filepath.Join(t.TempDir(), "whales")
	if err := os.MkdirAll(filepath.Join(folder, "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"SKILL.md": "---\nname: whales\n---\n", "more/song.txt": "la"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	skill, err := client.Skills.NewFromDirectory(background, folder, "Whales")
	if err != nil || skill.DisplayName != "Whales" || skill.CreatedAt.IsZero() {
		t.Fatalf("%+v, %v", skill, err)
	}
	file, err := claude.FileOfBytes([]byte("---\nname: ships\n---\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := client.Skills.New(background, "", []claude.SkillFile{{"ships/SKILL.md", file}})
	if err != nil {
		t.Fatal(err)
	}
	version, err := client.Skills.Versions.NewFromDirectory(background, skill.ID, folder)
	if err != nil || version.SkillID != skill.ID {
		t.Fatalf("%+v, %v", version, err)
	}
	if got, err := client.Skills.Versions.Get(background, skill.ID, version.ID); err != nil || got.ID != version.ID {
		t.Errorf("%+v, %v", got, err)
	}
	count := 0
	for versions := client.Skills.Versions.ListAutoPaging(background, skill.ID, nil); versions.Next(); {
		count++
	}
	equal(t, "versions", count, 2)
	page, err := client.Skills.List(background, map[string]any{"limit": 1})
	if err != nil || len(page.Data) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if page, err = page.Next(background); err != nil || len(page.Data) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if _, err = client.Skills.Delete(background, second.ID); err != nil {
		t.Error(err)
	}
	_, err = client.Skills.Get(background, second.ID)
	wantCode(t, err, claude.CodeNotFound)
	_, err = client.Skills.NewFromDirectory(background, folder+"/nothing", "")
	wantCode(t, err, claude.CodeIO)
	_, err = client.Skills.New(background, "", nil)
	wantInvalid(t, err)
	_, err = client.Skills.New(background, "", []claude.SkillFile{{"a/SKILL.md", nil}})
	wantInvalid(t, err, "OpenFile")
	_, err = client.Skills.New(background, "", []claude.SkillFile{{"a/SKILL.md", file}, {"a\x00", file}})
	wantInvalid(t, err, "NUL")
}

func TestEverythingOfARequest(t *testing.T) {
	server := startSandbox(t)
	server.use(`{"body_json": {}}`)
	client := server.client()
	_, err := client.Do(background, claude.Request{
		Endpoint: "beta.sessions.list",
		Query:    map[string]any{"statuses": []string{"idle", "a b"}, "created_at": map[string]any{"gte": "2026-01-01"}},
		Betas:    []string{"one-2026-01-01"},
		Headers:  map[string]string{"anthropic-workspace-id": "w"},
		Options:  []claude.Option{claude.WithQuery("limit", "2")},
	}, claude.WithBetas("two-2026-01-01", "three-2026-01-01"))
	if err != nil {
		t.Fatal(err)
	}
	sent := server.requests()[0]
	for _, part := range []string{"/v1/sessions?", "statuses%5B%5D=idle&statuses%5B%5D=a%20b", "created_at%5Bgte%5D=2026-01-01",
		"limit=2"} {
		if !strings.Contains(sent.Target, part) {
			t.Errorf("%q is not in %s", part, sent.Target)
		}
	}
	betas, _ := sent.header("anthropic-beta")
	for _, name := range []string{"one-", "two-", "three-", "managed-agents-"} {
		if !strings.Contains(betas, name) {
			t.Errorf("%s is not in %s", name, betas)
		}
	}
	workspace, _ := sent.header("anthropic-workspace-id")
	equal(t, "workspace", workspace, "w")
	for named, request := range map[string]claude.Request{
		"message_batch_id": {Endpoint: "messages.batches.retrieve"},
		"no such":          {Endpoint: "models.list", Path: map[string]string{"no such": "1"}},
		"NUL":              {Endpoint: "models.retrieve", Path: map[string]string{"model_id": "a\x00"}},
		"form":             {Endpoint: "models.list", Form: []claude.FormPart{{Name: "a", Text: "b"}}},
		"OpenFile":         {Endpoint: "messages.create", Files: []*claude.File{nil}},
		"UTF-8":            {Endpoint: "models.list", Query: map[string]string{"a": "\xff"}},
	} {
		_, err := client.Do(background, request)
		wantInvalid(t, err, named)
	}
	_, err = claude.NewClient(claude.WithAPIKey(testKey), claude.WithQuery("a", "b"))
	wantInvalid(t, err, "WithQuery is an option of calls")
}

func TestEndpoints(t *testing.T) {
	all := claude.Endpoints()
	if len(all) < 270 {
		t.Errorf("only %d endpoints", len(all))
	}
	found, ok := claude.EndpointNamed("files.download")
	want := claude.Endpoint{Name: "files.download", Method: "GET", Path: "/v1/files/{file_id}/content", Answer: "bytes",
		Stability: "ga", Paging: "none", Body: "none", Returns: found.Returns, Headers: found.Headers}
	if !ok || found != want {
		t.Errorf("%+v, %v", found, ok)
	}
	for _, name := range []string{"nothing", "", "a\x00"} {
		if found, ok = claude.EndpointNamed(name); ok {
			t.Errorf("%+v", found)
		}
	}
}

// What a whole download leaves in memory, of a file that is uploaded from disk: nothing of its size.
func TestUploadHoldsNothing(t *testing.T) {
	server := startSandbox(t, "--keep", "0")
	client := server.client()
	path := newFile(t, "large.bin", "")
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("large "), 200000)
	for i := 0; i < 50; i++ {
		_, _ = file.Write(chunk)
	}
	file.Close()
	chunk = nil
	server.use(`{"body_json": {"id": "file_1", "type": "file"}}`)
	before := resident(t)
	if _, err := client.Files.Upload(background, path); err != nil {
		t.Fatal(err)
	}
	if grown := resident(t) - before; grown > 20<<20 {
		t.Errorf("%d MiB more", grown>>20)
	}
}
