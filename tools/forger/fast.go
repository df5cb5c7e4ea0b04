package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// fast tries every phase of a run on two batches, in a temporary folder that is removed, and prints what each took.
func (t training) fast() error {
	dir, err := os.MkdirTemp("", "forger-fast-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	if t.o.EvalEvery > 0 {
		t.o.EvalEvery, t.o.EvalN = 2, max(2, min(t.o.EvalN, 2*t.o.Batch))
	}
	w := t.c.App.Writer
	for _, phase := range []struct {
		name string
		do   func() error
	}{
		{"train two batches", func() error { return t.steps(whole, 2) }},
		{"train one, save", func() error { return t.steps(parts, 1) }},
		{"resume, train another", func() error { return t.steps(parts, 2) }},
		{"compare", func() error { return sameContent(t.o.Device, whole, parts) }},
		{"sample", func() error { return t.sampleFrom(parts) }},
	} {
		start := time.Now()
		if err := phase.do(); err != nil {
			return fmt.Errorf("%s: %w", phase.name, err)
		}
		fmt.Fprintf(w, "ok  %-22s %6.2f s\n", phase.name, time.Since(start).Seconds())
	}
	return nil
}

// steps trains in a folder until that step.
func (t training) steps(dir string, n int) error {
	t.out, t.o.Steps, t.epochs = dir, n, 0
	run, _, err := t.open()
	if err != nil {
		return err
	}
	defer run.Close()
	return run.Train(t.c.Context)
}

// sameContent compares the last checkpoints of two runs. A GPU may add in another order each time.
func sameContent(device torch.Device, a, b string) error {
	if device.Type != torch.CPU {
		return nil
	}
	var hashes [2]string
	for i, dir := range []string{a, b} {
		path, err := train.FindCheckpoint(dir)
		if err != nil {
			return err
		}
		f, err := checkpoint.Open(path)
		if err != nil {
			return err
		}
		hashes[i], err = f.ContentHash()
		f.Close()
		if err != nil {
			return err
		}
	}
	if hashes[0] != hashes[1] {
		return fmt.Errorf("the resumed run has other bits than the unbroken one: the model keeps something that its Parts do not list, or draws from a stream of its own")
	}
	return nil
}

func (t training) sampleFrom(dir string) error {
	path, err := train.FindCheckpoint(dir)
	if err != nil {
		return err
	}
	model, err := loadModel(path, t.o.Device, false)
	if err != nil {
		return err
	}
	sampler, ok := model.(train.Sampler)
	if !ok {
		return nil // the grids of the runs were its pictures
	}
	return torchTry(func() (err error) {
		torch.Scope(func() {
			if x := sampler.Sample(2); x.IsFinite().All().Int() == 0 {
				err = fmt.Errorf("the samples hold numbers that are not finite")
			}
		})
		return err
	})
}
