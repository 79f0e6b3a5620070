package claude

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// all are the different matches of an expression.
func all(expression, text string) map[string]bool {
	found := map[string]bool{}
	for _, match := range regexp.MustCompile(expression).FindAllString(text, -1) {
		found[match] = true
	}
	return found
}

// What this package calls is what the library promises.
func TestFunctionsAreThoseOfTheSymbolMap(t *testing.T) {
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, "glue.c")
	for _, source := range sources {
		if !strings.HasSuffix(source, "_test.go") {
			text += read(t, source)
		}
	}
	exported := all(`\bclaude_\w+`, read(t, "../../capi/libclaude.map"))
	own := all(`\bclaude_go_\w+`, text)
	count := 0
	for name := range all(`\bclaude_\w+`, text) {
		if own[name] || strings.HasSuffix(name, "_t") {
			continue
		}
		count++
		if !exported[name] {
			t.Errorf("%s is not in the symbol map", name)
		}
	}
	if count < 30 {
		t.Errorf("only %d functions were found", count)
	}
}

// Every code of the library and every kind of event of its header has a constant.
func TestConstantsAreComplete(t *testing.T) {
	here := ""
	for _, source := range []string{"error", "event", "breaker", "failover", "metrics", "observe", "features"} {
		here += read(t, source+".go")
	}
	known := codes()
	if len(known) < 30 {
		t.Errorf("the library has only %d codes", len(known))
	}
	for _, code := range known {
		if !strings.Contains(here, "= C."+code.String()+"\n") {
			t.Errorf("there is no constant for %s", code)
		}
		if code.Category() == "" || code.Error() == "" {
			t.Errorf("%s has category %q, text %q", code, code.Category(), code.Error())
		}
	}
	for header, constants := range map[string]string{
		"event": "EVENT", "breaker": "BREAKER", "failover": "HEALTH", "metrics": "METRIC", "observe": "ATTEMPT", "client": "WITH",
	} {
		found := all(`\bCLAUDE_`+constants+`_\w+ =`, read(t, "../../capi/include/claude/"+header+".h"))
		if len(found) < 2 {
			t.Errorf("%s.h has %v", header, found)
		}
		for name := range found {
			name = strings.TrimSuffix(name, " =")
			if name != "CLAUDE_EVENT_NONE" && !all(`\bC\.`+name+`\b`, here)["C."+name] {
				t.Errorf("there is no constant for %s", name)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	if err := checkVersion(minimumVersion); err != nil {
		t.Error(err)
	}
	if err := checkVersion(minimumVersion + 1); err != nil {
		t.Error(err)
	}
	err := checkVersion(minimumVersion - 1)
	if err == nil || !strings.Contains(err.Error(), "needs 0.8.0 or newer") {
		t.Errorf("an older library: %v", err)
	}
	if !strings.HasPrefix(Version(), "0.8.") || !strings.Contains(BuildInfo(), `"curl"`) {
		t.Errorf("version %s, %s", Version(), BuildInfo())
	}
}
