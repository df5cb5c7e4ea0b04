package train

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train/events"
	"github.com/forgergan/forger/gan/train/progress"
	"github.com/forgergan/forger/gan/train/report"
	"github.com/forgergan/forger/gan/train/runlog"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/vision"
)

// outputs is everything that a run tells: log, TensorBoard events, pictures, progress, report.
type outputs struct {
	run    *Run
	log    *runlog.Log
	events *events.Writer
	bar    *progress.Bar
}

func openOutputs(r *Run) (*outputs, error) {
	o := &outputs{run: r}
	if err := o.open(); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (o *outputs) open() (err error) {
	r := o.run
	if o.log, err = runlog.Open(o.logFile()); err != nil {
		return err
	}
	if err := o.log.Truncate(r.step); err != nil {
		return err
	}
	next := r.step + 1
	if r.step == 0 {
		next = 0 // the pictures of the untrained networks
	}
	if o.events, err = events.Create(r.dir, next); err != nil {
		return err
	}
	out := r.o.Progress
	if out == nil {
		out = io.Discard
	}
	o.bar = progress.New(out, progress.Options{Total: r.o.Steps, Start: r.step, Images: r.images})
	return nil
}

func (o *outputs) logFile() string { return filepath.Join(o.run.dir, "log.jsonl") }

// close ends the outputs. What they wrote is on its way to the disk; an error here loses nothing that a
// checkpoint relies on.
func (o *outputs) close() {
	if o.bar != nil {
		o.bar.Close()
	}
	if o.events != nil {
		o.events.Close()
	}
	if o.log != nil {
		o.log.Close()
	}
}

// sync puts log and events on the disk before a checkpoint that they lead up to.
func (o *outputs) sync() error {
	if err := o.events.Flush(); err != nil {
		return err
	}
	return o.log.Sync()
}

// update shows a step; without values, those of the last record stay.
func (o *outputs) update(losses, stats map[string]float64) {
	r := o.run
	o.bar.Update(progress.Status{
		Step: r.step, Images: r.images, Losses: losses, Stats: stats, RSS: progress.RSS(),
		Device: uint64(torch.DeviceMemory(r.o.Device).Allocated),
	})
}

// record logs the values of a step everywhere; scores are by protocol.
func (o *outputs) record(losses, stats, scores map[string]float64) error {
	r := o.run
	o.update(losses, stats)
	for _, group := range []struct {
		name   string
		values map[string]float64
	}{{"loss/", losses}, {"", stats}} {
		for name, v := range group.values {
			if err := o.events.Scalar(r.step, group.name+name, v); err != nil {
				return err
			}
		}
	}
	for protocol, v := range scores {
		name, _, _ := strings.Cut(protocol, "[")
		if err := o.events.Scalar(r.step, "score/"+name, v); err != nil {
			return err
		}
	}
	at := r.loader.State()
	return o.log.Append(runlog.Record{
		Step: r.step, Time: time.Now(), Epoch: float64(at.Epoch) + float64(at.Position)/float64(at.Items), Images: r.images, ImagesPerSec: o.bar.ImagesPerSec(),
		Losses: losses, Stats: stats, Scores: scores,
	})
}

// grid saves pictures (N, C, H, W) in [−1, 1] as samples/<step>.png and shows them in TensorBoard.
func (o *outputs) grid(x []float32, shape []int) error {
	grid, h, w, err := vision.MakeGrid(x, shape, vision.Grid{NRow: o.run.columns()})
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := vision.EncodePNG(&text, vision.FromFloats(grid, 3, h, w, 0, 1, vision.HalfUp)); err != nil {
		return err
	}
	path := filepath.Join(o.run.samples(), fmt.Sprintf("%06d.png", o.run.step))
	err = checkpoint.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	return o.events.Image(o.run.step, "samples", text.Bytes(), w, h)
}

// report writes report.html. A run is worth more than its report: where that fails, a line says so.
func (o *outputs) report() {
	if err := o.writeReport(); err != nil {
		fmt.Fprintf(o.bar, "training goes on without a new report.html: %v\n", err)
	}
}

// writeReport makes the page from the log and the pictures.
func (o *outputs) writeReport() error {
	records, err := runlog.Read(o.logFile())
	if err != nil {
		return err
	}
	grids, err := o.grids()
	if err != nil {
		return err
	}
	page := report.Run{
		Title: fmt.Sprintf("%s on %s", o.run.model.System(), o.run.o.Data),
		Facts: o.facts(), Config: o.config(), Series: report.Curves(records), Grids: grids,
	}
	return checkpoint.WriteFile(filepath.Join(o.run.dir, "report.html"), func(w io.Writer) error {
		return report.Render(w, page)
	})
}

// grids reads the sample pictures up to the present step.
func (o *outputs) grids() ([]report.Grid, error) {
	files, err := stepFiles(o.run.samples(), ".png")
	if err != nil {
		return nil, err
	}
	var out []report.Grid
	for _, f := range files {
		if f.step > o.run.step {
			break
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		out = append(out, report.Grid{Step: f.step, PNG: text})
	}
	return out, nil
}

func (o *outputs) facts() []report.Fact {
	r := o.run
	facts := []report.Fact{
		{Name: "System", Value: r.model.System()},
		{Name: "Data", Value: r.o.Data, Note: fmt.Sprintf("%d items", r.set.Len())},
		{Name: "Steps", Value: fmt.Sprint(r.step), Note: fmt.Sprintf("of %d, batch %d", r.o.Steps, r.o.Batch)},
		{Name: "Time", Value: time.Duration(r.elapsed() * float64(time.Second)).Round(time.Second).String()},
		{Name: "Device", Value: r.o.Device.String(), Note: fmt.Sprintf("%d threads", torch.Threads())},
		{Name: "Seed", Value: fmt.Sprint(r.o.Seed)},
	}
	if b := r.best; b != nil {
		facts = append(facts, report.Fact{Name: "Best " + b.Name, Value: fmt.Sprintf("%.4g", b.Score), Note: fmt.Sprintf("after step %d; %s", b.Step, b.Protocol)})
	}
	for _, n := range r.model.Parts().Networks {
		facts = append(facts, report.Fact{Name: "Parameters of " + n.Name, Value: fmt.Sprint(nn.NumParameters(n.Module))})
	}
	return append(facts, report.Fact{Name: "LibTorch", Value: r.settings().LibTorch})
}

func (o *outputs) config() []report.Fact {
	var out []report.Fact
	for _, f := range config.Fields(o.run.model.Config()) {
		fact := report.Fact{Name: f.Name, Value: f.String()}
		if f.Default != "" && f.Default != fact.Value {
			fact.Note = "default " + f.Default
		}
		out = append(out, fact)
	}
	return out
}
