//go:build gotorch

// Command gotorch-dcgan trains networks that are written with gotorch (networks.go) on MNIST by Forger's trainer
// (model.go), and saves a grid of new digits. scripts/test-gotorch.sh builds what it is linked with.
//
//	go run -tags gotorch ./examples/gotorch-dcgan -steps 1500
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

func main() {
	steps := flag.Int("steps", 1500, "how long to train, in all")
	out := flag.String("out", "runs/gotorch-dcgan", "the run's folder")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := digits(ctx, *out, *steps); err != nil {
		log.Fatal(err)
	}
}

// digits trains in dir, or goes on where an earlier call stopped.
func digits(ctx context.Context, dir string, steps int) error {
	if err := torch.Available(); err != nil {
		return err
	}
	set, err := data.MNIST(data.Train, data.Options{Size: 32})
	if err != nil {
		return err
	}
	torch.ManualSeed(1)
	model, err := New(Config{})
	if err != nil {
		return err
	}
	run, err := train.Open(dir, model, set, train.Options{Steps: steps, Batch: 64, Seed: 1, Progress: os.Stderr})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.Train(ctx); err != nil {
		return err
	}
	x := model.Sample(64)
	return vision.SaveGrid(dir+"/digits.png", torch.Values[float32](x), x.Shape(), vision.Grid{})
}
