// Command digits trains a small DCGAN on MNIST and saves a grid of new digits: the whole library in one page.
//
//	go run ./examples/digits
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
	"github.com/forgergan/forger/zoo/dcgan"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := digits(ctx, "runs/digits")
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) {
		fmt.Printf("saved after step %d; run the program again to go on\n", interrupted.Step)
	} else if err != nil {
		log.Fatal(err)
	}
}

// digits trains in dir, or goes on where an earlier call stopped.
func digits(ctx context.Context, dir string) error {
	if err := torch.Available(); err != nil {
		return err
	}
	set, err := data.MNIST(data.Train, data.Options{Size: 32}) // fetched and verified on first use
	if err != nil {
		return err
	}
	torch.ManualSeed(1) // the same weights each time
	model, err := dcgan.New(dcgan.Presets["digits"])
	if err != nil {
		return err
	}
	run, err := train.Open(dir, model, set, train.Options{Steps: 1500, Batch: 64, Seed: 1, Progress: os.Stderr})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := run.Train(ctx); err != nil {
		return err
	}
	x := model.Sample(64)
	return vision.SaveGrid("digits.png", torch.Values[float32](x), x.Shape(), vision.Grid{})
}
