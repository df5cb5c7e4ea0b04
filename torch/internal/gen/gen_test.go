package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	require.NoError(t, run("", "", "", true))
}

func TestEveryGeneratedExportedNameIsDocumented(t *testing.T) {
	files, err := filepath.Glob("../../*.gen.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	functions := 0
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if !d.Name.IsExported() {
					continue
				}
				functions++
				require.True(t, strings.HasPrefix(d.Doc.Text(), d.Name.Name+" "), "%s: %s", file, d.Name.Name)
				sentence, schema, _ := strings.Cut(d.Doc.Text(), "\n\n")
				require.True(t, strings.HasSuffix(sentence, "."), "%s: %q is no sentence", file, sentence)
				require.Contains(t, schema, "->", "%s has no schema", d.Name.Name)
			case *ast.GenDecl:
				name := d.Specs[0].(*ast.TypeSpec).Name
				require.True(t, !name.IsExported() || strings.HasPrefix(d.Doc.Text(), name.Name+" "), "%s: %s", file, name)
			}
		}
	}
	require.Greater(t, functions, 150)
}

func TestSchemasAreParsed(t *testing.T) {
	for _, c := range []struct {
		schema  string
		args    []arg
		returns string
		inPlace bool
	}{
		{"relu(Tensor self) -> Tensor", []arg{{name: "self", typ: "Tensor"}}, "Tensor", false},
		{"zero_(Tensor(a!) self) -> Tensor(a!)", []arg{{name: "self", typ: "Tensor"}}, "Tensor(a!)", true},
		{"add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor", []arg{
			{name: "self", typ: "Tensor"}, {name: "other", typ: "Tensor"},
			{name: "alpha", typ: "Scalar", deflt: "1", has: true}}, "Tensor", false},
		{"pool(Tensor self, int[2] kernel_size, int[2] stride=[], int[1]? dim=None) -> (Tensor values, Tensor indices)", []arg{
			{name: "self", typ: "Tensor"}, {name: "kernel_size", typ: "int[]", size: 2},
			{name: "stride", typ: "int[]", size: 2, deflt: "[]", has: true},
			{name: "dim", typ: "int[]?", size: 1, deflt: "None", has: true}}, "(Tensor values, Tensor indices)", false},
		{"pad(Tensor self, SymInt[2] p=[1, 2], str mode='a') -> Tensor", []arg{
			{name: "self", typ: "Tensor"}, {name: "p", typ: "SymInt[]", size: 2, deflt: "[1, 2]", has: true},
			{name: "mode", typ: "str", deflt: "'a'", has: true}}, "Tensor", false},
		{"view(Tensor(a) self, SymInt[] size) -> Tensor(a)", []arg{{name: "self", typ: "Tensor"}, {name: "size", typ: "SymInt[]"}}, "Tensor(a)", false},
		{"split(Tensor(a -> *) self, SymInt n) -> Tensor(a)[]", []arg{{name: "self", typ: "Tensor"}, {name: "n", typ: "SymInt"}}, "Tensor(a)[]", false},
		{"new() -> Tensor", nil, "Tensor", false},
	} {
		o := op{schema: c.schema}
		require.NoError(t, o.parse(), c.schema)
		require.Equal(t, c.args, o.args, c.schema)
		require.Equal(t, c.returns, o.returns, c.schema)
		require.Equal(t, c.inPlace, o.inPlace(), c.schema)
	}
	for schema, says := range map[string]string{
		"relu":                            "cannot read schema",
		"relu(Tensor self)":               "cannot read schema",
		"f(Dimname x) -> Tensor":          "argument type Dimname is not supported",
		"f(Tensor self, Stream s) -> ()":  "argument type Stream is not supported",
		"f(Tensor self, nothing) -> bool": `cannot read argument "nothing"`,
	} {
		require.ErrorContains(t, (&op{schema: schema}).parse(), says)
	}
}

func FuzzParse(f *testing.F) {
	lock, err := os.ReadFile("ops.lock")
	require.NoError(f, err)
	for line := range strings.Lines(string(lock)) {
		f.Add(strings.TrimSpace(line))
	}
	f.Add("f(Tensor a, int[9999999999999999999999] b=[(,)]) -> ()")
	f.Fuzz(func(t *testing.T, schema string) {
		o := op{schema: schema, schemaName: "f", goName: "F", doc: "is."}
		if o.parse() != nil {
			return
		}
		for _, a := range o.args {
			require.Contains(t, kinds, a.typ)
			require.True(t, !a.has || strings.Contains(schema, "="))
		}
		var b bytes.Buffer
		if o.returns == "Tensor" {
			o.emit(&b) // whatever the names, writing it must not panic
		}
	})
}

func TestTheAllowListRefusesHalfAndDoubleLines(t *testing.T) {
	for text, says := range map[string]string{
		"relu ReLU activation":                                    ":1: want schema name, Go name, group and doc",
		"# x\n\nrelu ReLU a is x.\nrelu Other a is x.":            ":4: relu or Other stands there twice",
		"relu ReLU a is x.\nleaky_relu ReLU a is something else.": ":2: leaky_relu or ReLU stands there twice",
	} {
		file := filepath.Join(t.TempDir(), "ops.allow")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		_, err := readAllow(file)
		require.ErrorContains(t, err, says)
	}
}

// A LibTorch that removed one operator, changed another and gave a third one more overload.
func TestTheReportNamesWhatAnotherLibTorchChanges(t *testing.T) {
	lock, err := os.ReadFile("ops.lock")
	require.NoError(t, err)
	wheelOf := func(schemas string) string {
		var yaml strings.Builder
		for line := range strings.Lines(schemas) {
			yaml.WriteString("- func: " + line + "  variants: function\n")
		}
		wheel := t.TempDir()
		dir := filepath.Join(wheel, "torchgen/packaged/ATen/native")
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "native_functions.yaml"), []byte(yaml.String()), 0o644))
		return wheel
	}
	old := wheelOf(string(lock))
	wheel := wheelOf(strings.NewReplacer("\nrelu(Tensor self) -> Tensor\n", "\n", "negative_slope=0.01) -> Tensor\n", "negative_slope=0.02, bool fast=False) -> Tensor\n").
		Replace(string(lock)) + "tanh.fast(Tensor self) -> Tensor\ntanh.out(Tensor self, *, Tensor(a!) out) -> Tensor(a!)\n")

	allowed, err := readAllow("ops.allow")
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, printReport(&out, "ops.lock", allowed, wheel, old))
	require.Equal(t, "removed  relu(Tensor self) -> Tensor\n"+
		"changed  leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor\n"+
		"     to  leaky_relu(Tensor self, Scalar negative_slope=0.02, bool fast=False) -> Tensor\n"+
		"         negative_slope is 0.02 by default, was 0.01\n"+
		"         argument bool fast is new, False by default\n"+
		"new      tanh.fast(Tensor self) -> Tensor\n"+
		fmt.Sprintf("%d operators: 1 removed, 1 changed, 1 new overloads\n", len(allowed)), out.String())

	other := filepath.Join(t.TempDir(), "ops.lock")
	require.ErrorContains(t, writeLock(other, allowed, wheel), "LibTorch has no operator relu")
	require.Error(t, printReport(&out, "ops.lock", allowed, t.TempDir(), ""), "no LibTorch there")
}

func TestALockWithoutAnOperatorSaysHowToGetIt(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "ops.lock")
	require.NoError(t, os.WriteFile(lock, []byte("\nrelu(Tensor self) -> Tensor\n"), 0o644))
	_, err := readLock(lock, []*op{{schemaName: "tanh"}})
	require.EqualError(t, err, "tanh has no schema in ops.lock: run with -lock TORCH_DIR")
}

func TestDifferencesOfSchemasAreNamed(t *testing.T) {
	require.Equal(t, []string{"x is Scalar, was float", "no argument y", "z is 1 by default, was nothing",
		"argument Tensor? w is new, None by default", "it returns (), returned Tensor"},
		differences("f(float x, int y, int z) -> Tensor", "f(Scalar x, int z=1, Tensor? w=None) -> ()"))
	require.Equal(t, []string{"the generator: argument type Stream is not supported"}, differences("f() -> ()", "f(Stream s) -> ()"))
}
