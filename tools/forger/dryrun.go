package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/nn"
)

// dryReport is what --dry-run --json prints.
type dryReport struct {
	Settings json.RawMessage      `json:"settings"`
	Options  train.Options        `json:"options"`
	Networks map[string]*nn.Table `json:"networks"` // of those that say what they take
	Memory   train.Memory         `json:"memory"`
	Peak     int                  `json:"peak"` // of a step with the batch asked for
}

// dryRun shows what a run would be: settings, networks, and its memory by steps on small batches of the data. It writes
// into a temporary folder only.
func (t training) dryRun() error {
	dir, err := os.MkdirTemp("", "forger-dry-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t.out, t.o.EvalEvery = dir, 0
	run, model, err := t.open()
	if err != nil {
		return err
	}
	defer run.Close()
	r := dryReport{Settings: config.Marshal(model.Config()), Options: t.o, Networks: map[string]*nn.Table{}}
	for _, n := range model.Parts().Networks {
		if n.Inputs != nil {
			r.Networks[n.Name] = nn.Summary(n.Module, anys(n.Inputs)...)
		}
	}
	if r.Memory, err = run.Measure(); err != nil {
		return err
	}
	part := (t.o.Batch + max(t.o.Accumulate, 1) - 1) / max(t.o.Accumulate, 1)
	r.Peak = r.Memory.Of(part)
	if t.c.Bool("json") {
		return printJSON(t.c, r)
	}
	t.print(model, r, part)
	return nil
}

func anys(shapes [][]int) (out []any) {
	for _, s := range shapes {
		out = append(out, s)
	}
	return out
}

// row is a line of a table of settings.
func row(w io.Writer, name, value, standard string, other bool) {
	if other {
		fmt.Fprintf(w, " * %s\t%s\tdefault %s\n", name, value, standard)
		return
	}
	fmt.Fprintf(w, "   %s\t%s\n", name, value)
}

func (t training) print(model train.Model, r dryReport, part int) {
	w := t.c.App.Writer
	length := fmt.Sprintf("%d steps", t.o.Steps)
	if t.epochs > 0 {
		length = fmt.Sprintf("%d epochs", t.epochs)
	}
	fmt.Fprintf(w, "%s, %s of %d on %s\n\nsettings (* is not the default)\n", t.title, length, t.o.Batch, t.o.Device)
	settings := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range config.Fields(model.Config()) {
		row(settings, f.Name, f.String(), f.Default, f.String() != f.Default)
	}
	settings.Flush()
	fmt.Fprintln(w, "\noptions")
	options := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range runFlags(t.system) {
		name, text := f.Names()[0], strings.Trim(f.(cli.DocGenerationFlag).GetDefaultText(), `"`)
		value := fmt.Sprint(t.c.Value(name))
		switch _, isBool := f.(*cli.BoolFlag); {
		case name == "dry-run" || name == "json":
		case t.c.IsSet(name):
			row(options, name, value, text, value != text)
		case !isBool && text != "":
			row(options, name, text, text, false)
		}
	}
	options.Flush()
	for _, n := range model.Parts().Networks {
		fmt.Fprintf(w, "\n%s\n", n.Name)
		if s := r.Networks[n.Name]; s != nil {
			fmt.Fprint(w, s)
		} else {
			fmt.Fprintf(w, "%d parameters\n", nn.NumParameters(n.Module))
		}
	}
	m, where := r.Memory, "GPU memory"
	if t.o.Device.String() == "cpu" {
		where = "memory of the process, with LibTorch and the program; rough"
	}
	mib := func(n int) float64 { return float64(n) / (1 << 20) }
	fmt.Fprintf(w, "\n%s, by steps on batches of %d and %d\n", where, m.Batches[0], m.Batches[1])
	for _, row := range []struct {
		name  string
		bytes int
	}{
		{"weights", m.Weights}, {"gradients", m.Gradients}, {"optimisers", m.Optimizers}, {"average", m.Average}, {"rest", m.Rest},
		{fmt.Sprintf("%d pictures at once", part), part * m.PerItem}, {"peak of a step", r.Peak},
	} {
		fmt.Fprintf(w, "  %-20s %9.1f MiB\n", row.name, mib(row.bytes))
	}
}
