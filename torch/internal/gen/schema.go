package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// An op is one line of ops.allow with its schema.
type op struct {
	schemaName string // add.Tensor
	goName     string
	guarded    bool     // a function of guard.go looks at the arguments first
	results    []string // names of the results, where the schema has none
	group      string
	doc        string
	schema     string // the whole line of native_functions.yaml
	id         int    // its place in the table

	args    []arg
	returns string // the text after ->
}

// An arg is one argument of a schema.
type arg struct {
	name  string
	typ   string // without alias annotation and size: Tensor, Tensor?, SymInt[], …
	size  int    // n of int[n], else 0
	deflt string // "" where it has none
	has   bool   // a default is given
}

func readAllow(path string) ([]*op, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var ops []*op
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 4 {
			return nil, fmt.Errorf("%s:%d: want schema name, Go name, group and doc", path, n)
		}
		o := &op{schemaName: words[0], goName: words[1], group: words[2], doc: strings.Join(words[3:], " ")}
		if name, results, ok := strings.Cut(strings.TrimSuffix(words[1], ")"), "("); ok {
			o.goName, o.results = name, strings.Split(results, ",")
		}
		o.goName, o.guarded = strings.CutSuffix(o.goName, "!")
		if seen[o.schemaName] || seen["go "+o.goName] {
			return nil, fmt.Errorf("%s:%d: %s or %s stands there twice", path, n, o.schemaName, o.goName)
		}
		seen[o.schemaName], seen["go "+o.goName] = true, true
		ops = append(ops, o)
	}
	return ops, lines.Err()
}

// wheelSchemas reads the schemas of a LibTorch wheel by name.
func wheelSchemas(dir string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "torchgen/packaged/ATen/native/native_functions.yaml"))
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if s, ok := strings.CutPrefix(line, "- func: "); ok {
			s = strings.TrimSpace(s)
			name, _, _ := strings.Cut(s, "(")
			all[name] = s
		}
	}
	return all, nil
}

func writeLock(path string, allowed []*op, wheel string) error {
	all, err := wheelSchemas(wheel)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, o := range allowed {
		s, ok := all[o.schemaName]
		if !ok {
			return fmt.Errorf("LibTorch has no operator %s", o.schemaName)
		}
		fmt.Fprintln(&out, s)
	}
	return os.WriteFile(path, []byte(out.String()), 0o644)
}

func readLock(path string, allowed []*op) ([]*op, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	locked := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, _, _ := strings.Cut(line, "(")
		locked[name] = line
	}
	for i, o := range allowed {
		schema, ok := locked[o.schemaName]
		if !ok {
			return nil, fmt.Errorf("%s has no schema in ops.lock: run with -lock TORCH_DIR", o.schemaName)
		}
		o.id, o.schema = i, schema
		if err := o.parse(); err != nil {
			return nil, fmt.Errorf("%s: %w", o.schemaName, err)
		}
	}
	return allowed, nil
}

var (
	aliasNote = regexp.MustCompile(`\([a-z](!| -> \*)?\)`)
	listSize  = regexp.MustCompile(`\[(\d+)\]`)
)

// parse fills args and returns from the schema.
func (o *op) parse() error {
	head, returns, ok := strings.Cut(o.schema, ") -> ")
	if !ok {
		return fmt.Errorf("cannot read schema %q", o.schema)
	}
	o.returns = returns
	_, list, _ := strings.Cut(head, "(")
	for _, text := range splitArgs(list) {
		if text == "*" || text == "" {
			continue
		}
		text = aliasNote.ReplaceAllString(text, "")
		typ, name, ok := strings.Cut(text, " ")
		if !ok {
			return fmt.Errorf("cannot read argument %q", text)
		}
		a := arg{typ: typ}
		a.name, a.deflt, a.has = strings.Cut(name, "=")
		if m := listSize.FindStringSubmatch(a.typ); m != nil {
			fmt.Sscan(m[1], &a.size)
			a.typ = listSize.ReplaceAllString(a.typ, "[]")
		}
		if _, ok := kinds[a.typ]; !ok {
			return fmt.Errorf("argument type %s is not supported", a.typ)
		}
		o.args = append(o.args, a)
	}
	return nil
}

// splitArgs cuts an argument list at commas outside brackets.
func splitArgs(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// inPlace reports whether the operator returns its own first argument.
func (o *op) inPlace() bool { return strings.Contains(o.returns, "!)") }

// A group is the operators of one file.
type group struct {
	name string
	ops  []*op
}

func groups(ops []*op) []*group {
	var out []*group
	byName := map[string]*group{}
	for _, o := range ops {
		g := byName[o.group]
		if g == nil {
			g = &group{name: o.group}
			byName[o.group] = g
			out = append(out, g)
		}
		g.ops = append(g.ops, o)
	}
	return out
}
