package train

import (
	"errors"
	"fmt"
	"io"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// Options say how a run trains. A zero field takes its default.
type Options struct {
	Steps   int          `json:"steps"`   // in all; resuming with more goes on
	Batch   int          `json:"batch"`   // items a step, 64
	Seed    int64        `json:"seed"`    // of the order of the data and of everything drawn in training
	Threads int          `json:"threads"` // of one operator on the CPU; if 0 as the run began, with LibTorch's choice
	Device  torch.Device `json:"-"`

	// ChannelsLast keeps the weights of convolutions in that layout: often faster and smaller, other in the last bits.
	ChannelsLast bool `json:"channels_last"`

	Workers int `json:"-"` // goroutines that read data; a choice by cores if 0

	// Exhibits are what an Exhibitor shows the first items of: the test split, without augmentation. Nil is the training data.
	Exhibits data.Dataset `json:"-"`

	EMA        string  `json:"ema,omitempty"`        // average of the generators' weights, see ParseEMA; what the system wants if empty
	AMP        string  `json:"amp,omitempty"`        // "bf16" or "fp16": mixed precision
	Accumulate int     `json:"accumulate,omitempty"` // parts in which a batch passes the networks, to save memory
	Clip       float64 `json:"clip,omitempty"`       // most that the norm of an optimiser's gradients may be; 0 for no limit

	// Deterministic refuses operators of the GPU that may give other last bits the next time, and makes cuDNN take those
	// that do not. It holds for the process. The CPU gives the same bits without it.
	Deterministic bool `json:"deterministic,omitempty"`

	Evaluators []Evaluator `json:"-"`                    // the first decides which checkpoint is best
	EvalEvery  int         `json:"eval_every,omitempty"` // steps between scores, 0 for none
	Standing   int         `json:"standing,omitempty"`   // batches of standing statistics before a score, 0 for none; see func Standing

	// For whoever makes the evaluators: the pictures of a score, and the name of its feature network.
	EvalN       int    `json:"eval_n,omitempty"`
	EvalNetwork string `json:"eval_network,omitempty"`

	Every  int `json:"every"`        // steps between checkpoints, 500
	Sample int `json:"sample_every"` // steps between sample grids, a tenth of Steps
	Log    int `json:"log_every"`    // steps between log records, 10
	Keep   int `json:"keep"`         // numbered checkpoints kept, 3

	New  bool   `json:"-"`              // an old run in the folder is moved aside, to the folder's name with .1, .2 …
	Init string `json:"init,omitempty"` // a file that a new run takes networks and optimisers from; see func Init

	Data     string    `json:"data"`             // how the data set was named, for resuming
	Labels   string    `json:"labels,omitempty"` // how its labels are changed, as package labels writes it; Open takes it from the set
	Progress io.Writer `json:"-"`                // where progress goes; nowhere if nil
}

func (o *Options) setDefaults() error {
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Steps, 1000}, {&o.Batch, 64}, {&o.Every, 500}, {&o.Log, 10}, {&o.Keep, 3}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Sample == 0 {
		o.Sample = max(o.Steps/10, 1)
	}
	if o.Steps < 0 || o.Batch < 0 || o.Every < 0 || o.Sample < 0 || o.Log < 0 || o.Keep < 0 || o.Threads < 0 {
		return errors.New("train: steps, batch, threads and periods must not be negative")
	}
	if o.EvalEvery < 0 || o.EvalN < 0 || o.Standing < 0 {
		return errors.New("train: what scores take must not be negative")
	}
	return o.checkUpdates()
}

// checkUpdates refuses options of updates and averages that make no sense.
func (o *Options) checkUpdates() error {
	switch {
	case o.AMP != "" && o.AMP != "bf16" && o.AMP != "fp16":
		return fmt.Errorf("train: --amp %s is neither bf16 nor fp16", o.AMP)
	case o.Accumulate < 0 || o.Accumulate > o.Batch:
		return fmt.Errorf("train: --accumulate %d is not between 1 and the batch of %d", o.Accumulate, o.Batch)
	case o.Clip < 0:
		return errors.New("train: --clip must not be negative")
	}
	if o.EMA != "" {
		if _, err := ParseEMA(o.EMA, o.Batch); err != nil {
			return err
		}
	}
	return nil
}

// format is the memory format of the networks.
func (o Options) format() torch.MemoryFormat {
	if o.ChannelsLast {
		return torch.ChannelsLast
	}
	return torch.DefaultFormat
}
