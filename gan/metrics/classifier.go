package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// Classifier is a network trained here to name the classes of one data set, whose penultimate activations are the
// features of a Fréchet distance. The distance is self-consistent: it compares with those of the same Name, Accuracy
// and Hash, not with any paper's FID.
type Classifier struct {
	Name     string  // "MNISTCNN", which the names of scores end in: FD-MNISTCNN
	Data     string  // the set it was trained on: "mnist"
	Seed     int64   // of its weights, of dropout and of the order of its data
	Accuracy float64 // on the whole test split, in [0, 1]
	Seconds  float64 // that its training took, once
	Hash     string  // of its weights, the first 8 digits: equal only for the same network

	net    *DigitCNN
	device torch.Device
}

// ClassifierOptions say which network OpenClassifier returns and where it computes.
type ClassifierOptions struct {
	Seed   int64
	Device torch.Device // of the features; training is on the CPU
	Log    func(string) // hears of a fetch and of training, a line at a time; may be nil
}

// architecture is part of the file name: another network or schedule takes another, and old files are left alone.
const architecture = "digitcnn1"

// networks are the names, by data set.
var networks = map[string]string{"mnist": "MNISTCNN", "fashion-mnist": "FashionCNN"}

// OpenClassifier returns the feature network of a data set, "mnist" or "fashion-mnist". The first call trains it on
// the training split, measures its accuracy on the test split and saves it in the cache folder, under
// features/<set>-<architecture>-seed<seed>.safetensors; later ones read that file. The same seed gives the same
// network on the same machine with the same number of threads.
//
// The error tells another data set, data that cannot be had, a cache that cannot be written, and the end of ctx.
func OpenClassifier(ctx context.Context, set string, o ClassifierOptions) (*Classifier, error) {
	name, ok := networks[set]
	if !ok {
		return nil, fmt.Errorf("there is no feature network for the data %q so far, only for mnist and fashion-mnist", set)
	}
	cache, err := libtorch.CacheDir()
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	c := &Classifier{Name: name, Data: set, Seed: o.Seed}
	path := filepath.Join(cache, "features", fmt.Sprintf("%s-%s-seed%d.safetensors", set, architecture, o.Seed))
	open := func(split data.Split) (data.Dataset, error) {
		return data.Open(ctx, set, data.Options{Split: split, Size: digitSide, Channels: 1, Log: o.Log})
	}
	if err := c.loadOrTrain(ctx, path, open, standard, o.Log); err != nil {
		return nil, err
	}
	c.device = o.Device
	nn.To(c.net, nn.ToOptions{Device: &o.Device})
	return c, nil
}

// loadOrTrain fills c from the file at path, or makes that file.
func (c *Classifier) loadOrTrain(ctx context.Context, path string, open func(data.Split) (data.Dataset, error), s digitSchedule, log func(string)) error {
	err := c.load(path)
	if err == nil {
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		log(fmt.Sprintf("%v; training the feature network again", err))
	}
	train, err := open(data.Train)
	if err != nil {
		return err
	}
	test, err := open(data.Test)
	if err != nil {
		return err
	}
	log(fmt.Sprintf("training the feature network %s once; it is kept in %s", c.Name, path))
	start := time.Now()
	if c.net, err = trainDigitCNN(ctx, train, s, c.Seed, log); err != nil {
		return err
	}
	c.Seconds = time.Since(start).Seconds()
	if c.Accuracy, err = accuracy(ctx, c.net, test, torch.Device{}); err != nil {
		return err
	}
	return c.save(path)
}

const classifierKey = "forger.classifier"

// savedClassifier is what the file says beside the weights.
type savedClassifier struct {
	Data     string  `json:"data"`
	Seed     int64   `json:"seed"`
	Accuracy float64 `json:"accuracy"`
	Seconds  float64 `json:"seconds"`
}

func (c *Classifier) save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	text, err := json.Marshal(savedClassifier{c.Data, c.Seed, c.Accuracy, c.Seconds})
	if err != nil {
		return err
	}
	state := checkpoint.FromState(nn.StateDict(c.net))
	if c.Hash, err = shortHash(state); err != nil {
		return err
	}
	return checkpoint.Save(path, state, map[string]string{classifierKey: string(text)})
}

func (c *Classifier) load(path string) error {
	f, err := checkpoint.Open(path)
	if err != nil {
		return err
	}
	text := f.Metadata()[classifierKey]
	f.Close()
	var saved savedClassifier
	if err := json.Unmarshal([]byte(text), &saved); err != nil {
		return fmt.Errorf("%s is not a feature network: %w", path, err)
	}
	if saved.Data != c.Data || saved.Seed != c.Seed {
		return fmt.Errorf("%s holds the feature network of %s with seed %d", path, saved.Data, saved.Seed)
	}
	return scoped(func() error {
		state, err := checkpoint.Load(path)
		if err != nil {
			return err
		}
		var net *DigitCNN
		torch.ForkRNG(func() { net = NewDigitCNN() }) // its weights are drawn, then replaced
		if err := nn.LoadStateDict(net, state, true); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		nn.Eval(net)
		c.net, c.Accuracy, c.Seconds = net, saved.Accuracy, saved.Seconds
		c.Hash, err = shortHash(checkpoint.FromState(nn.StateDict(net)))
		return err
	})
}

// shortHash is enough of the content hash to tell two networks apart in a protocol.
func shortHash(state []checkpoint.Tensor) (string, error) {
	hash, err := checkpoint.ContentHash(state)
	if err != nil {
		return "", err
	}
	return hash[len("sha256:"):][:8], nil
}
