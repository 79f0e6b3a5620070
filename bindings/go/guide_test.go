package claude_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// programsOf are the Go programs that a page shows.
func programsOf(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, block := range regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(block[1], "package main\n") {
			t.Errorf("a piece of %s is no program of its own:\n%s", page, block[1])
		}
		found = append(found, block[1])
	}
	return found
}

// ofTheComment is what the comment of the package shows, made a program.
func ofTheComment(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range regexp.MustCompile("(?m)^//(\t.*)$").FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, line[1])
	}
	if len(lines) == 0 {
		t.Error("doc.go shows nothing")
	}
	return "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\t\"log\"\n\n\t\"libclaude/claude\"\n)\n\n" +
		"func main() {\n\tctx := context.Background()\n" + strings.Join(lines, "\n") +
		"\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tfmt.Println(message.Text())\n}\n"
}

// examples are the programs of a reader: those of the README, the guides and the package's comment, and those of
// examples/go.
func examples(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"comment": ofTheComment(t)}
	pages := map[string]string{
		"guide": "../../docs/go.md", "start": "../../docs/getting-started.md", "readme": "../../README.md",
	}
	for name, page := range pages {
		shown := programsOf(t, page)
		for i, program := range shown {
			all[fmt.Sprintf("%s-%d", name, i+1)] = program
		}
		if len(shown) == 0 {
			t.Errorf("%s shows no program", page)
		}
	}
	paths, err := filepath.Glob("../../examples/go/*/main.go")
	if err != nil || len(paths) < 7 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(path))] = string(text)
	}
	return all
}

// Each is built as a program of somebody else's, with this package among its vendored ones, and says what it should.
func TestExamples(t *testing.T) {
	server := startSandbox(t)
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	programs, language := examples(t), "1.19"
	if runtime.Version() >= "go1.23" {
		language = "1.23"
	}
	write("go.mod", "module example\n\ngo "+language+"\n\nrequire libclaude/claude v0.8.0\n\nreplace libclaude/claude => "+here+"\n")
	for name, text := range programs {
		if regexp.MustCompile(`\brange .*\.(All|Pages)\(`).MatchString(text) && runtime.Version() < "go1.23" {
			delete(programs, name)
			continue
		}
		write(name+"/main.go", text)
	}
	goTool(t, folder, "mod", "vendor")
	goTool(t, folder, "vet", "-mod=vendor", "./...")
	goTool(t, folder, "build", "-mod=vendor", "-o", folder+"/bin/", "./...")
	picture := newFile(t, "dot.png", png)
	for name, text := range programs {
		text := text
		t.Run(name, func(t *testing.T) {
			program := exec.Command(filepath.Join(folder, "bin", name), picture)
			program.Env = append(os.Environ(), "ANTHROPIC_API_KEY="+testKey, "ANTHROPIC_BASE_URL="+server.url)
			want := "Echo: "
			for _, special := range specials {
				if strings.Contains(text, special.with) {
					server.control("PUT", "scenarios/"+name, json.RawMessage(special.scenario))
					program.Env = append(program.Env, "ANTHROPIC_CUSTOM_HEADERS=x-sandbox-scenario: "+name)
					want = special.want
				}
			}
			var complaints strings.Builder
			program.Stderr = &complaints
			output, err := program.Output()
			if err != nil || complaints.Len() > 0 || !strings.Contains(string(output), want) {
				t.Errorf("%v: %s%s", err, output, complaints.String())
			}
		})
	}
}

// Programs that need another answer than an echo.
var specials = []struct{ with, scenario, want string }{
	{"NewToolRunner", asking(`weather {"city": "Paris"}`, `weather {"city": "Atlantis"}`), "Done."},
	{"NewParsed", `{"body_json": {"type": "message", "stop_reason": "end_turn", "content": [{"type": "text", "text":
		"{\"name\": \"Oslo\", \"population\": 700000, \"continent\": \"Europe\", \"rivers\": []}"}]}}`, "Oslo"},
}

// goTool runs the go command that runs this test.
func goTool(t *testing.T, folder string, arguments ...string) {
	t.Helper()
	command := exec.Command(filepath.Join(runtime.GOROOT(), "bin", "go"), arguments...)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}
