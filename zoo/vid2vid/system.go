package vid2vid

import (
	"context"
	"fmt"
	"os"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/data/video"
)

// System is vid2vid's entry in the zoo.
var System = train.System{
	Name:        "vid2vid",
	Title:       "vid2vid: videos of videos of label maps, edges or poses",
	Paper:       "Wang, Liu, Zhu, Liu, Tao, Kautz, Catanzaro: Video-to-Video Synthesis, NeurIPS 2018",
	Data:        "vtest",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"vtest": "vtest", "carphone": "carphone"},
	New:         train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		return open(ctx, *settings.(*Config), r)
	},
	Input:    func(settings any, in train.Input) ([]data.Array, error) { return input(*settings.(*Config), in) },
	Example:  func(settings any, n int) map[string]*torch.Tensor { return example(*settings.(*Config), n) },
	Defaults: func(settings any) train.Defaults { return defaults(*settings.(*Config)) },
}

func defaults(c Config) train.Defaults {
	return train.Defaults{Batch: 1, Epochs: max(*c.FullEpochs+*c.DecayEpochs, 1)}
}

// open opens windows of videos that get longer, and complains before any training of files that are missing and of videos that
// are too short for the longest windows.
func open(ctx context.Context, c Config, r train.DataRequest) (data.Dataset, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	training := r.Split != data.Test && !r.Plain
	if training {
		if err := c.checkFiles(); err != nil {
			return nil, err
		}
	}
	dir, err := video.Folder(ctx, r.Name, r.Log)
	if err != nil {
		return nil, err
	}
	kinds := map[string]video.Kind{"maps": video.Pictures, "face": video.Face, "pose": video.Pose}
	first, err := video.Open(dir, video.Options{
		Kind: kinds[c.Kind], Split: r.Split, Plain: r.Plain, Frames: c.frames(0) + c.past(), MaxStep: c.MaxStep, PerFrame: c.PerFrame,
		Load: c.Load, Size: c.Size, Resize: c.Resize, Flip: !c.NoFlip,
		Channels: c.Channels, Labels: *c.Classes, Instances: c.Instances,
	})
	if err != nil || !training {
		return first, err
	}
	w := &windows{Set: first, config: c, stages: []*video.Set{first}}
	for stage := 1; c.frames(stage) > c.frames(stage-1); stage++ {
		set, err := first.Windows(c.frames(stage) + c.past())
		if err != nil {
			return nil, fmt.Errorf("%w, or train with less --max-frames", err)
		}
		w.stages = append(w.stages, set)
	}
	return w, nil
}

// windows is a set of windows that get longer with the epochs.
type windows struct {
	*video.Set // that of the first stage
	config     Config
	stages     []*video.Set
}

// At is the set of the epoch's stage.
func (w *windows) At(epoch int) data.Dataset {
	return w.stages[min(w.config.stage(epoch), len(w.stages)-1)]
}

// checkFiles is the error of a file that training needs and that is not there.
func (c Config) checkFiles() error {
	if err := translation.NewPerceptual(c.Perceptual).Check(); err != nil {
		return err
	}
	if c.Flow != "flownet2" {
		return nil
	}
	if c.FlowFile == "" {
		return fmt.Errorf("vid2vid: --flow flownet2 needs its published weights, --flow-file FILE; --flow lucas-kanade needs no file")
	}
	if _, err := os.Stat(c.FlowFile); err != nil {
		return fmt.Errorf("vid2vid: --flow-file: %w", err)
	}
	return nil
}

// input reads one frame.
func input(c Config, in train.Input) ([]data.Array, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if in.Back {
		return nil, fmt.Errorf("vid2vid makes videos of label maps or pictures, not those of videos")
	}
	switch {
	case c.Kind != "maps":
		return nil, fmt.Errorf("vid2vid draws no %s of a single file: translate the run's test sequences", c.Kind)
	case *c.Classes == 0:
		return pairs.PictureInput("A", in.Name, in.Picture, c.Channels, 1)
	}
	fields, err := pairs.LabelInput(in.Name, in.Picture, in.Instance, pairs.Options{Labels: *c.Classes, Instances: c.Instances, Multiple: 1})
	for i := range fields {
		if fields[i].Name == "instance" {
			fields[i].Name = "inst"
		}
	}
	return fields, err
}

// example is n random windows of the first length.
func example(c Config, n int) map[string]*torch.Tensor {
	t, w, m := c.frames(0)+c.past(), c.Size, c.multiple()
	h := w / 2 / m * m
	noise := func(channels int) *torch.Tensor {
		return torch.Rand([]int{n, t, channels, h, w}).MulScalar(2).SubScalar(1)
	}
	fields := map[string]*torch.Tensor{"B": noise(3)}
	if *c.Classes == 0 {
		fields["A"] = noise(c.Channels)
		return fields
	}
	fields["label"] = torch.RandInt(0, *c.Classes, []int{n, t, 1, h, w})
	if c.Instances {
		fields["inst"] = torch.RandInt(0, 10, []int{n, t, 1, h, w})
	}
	return fields
}
