package train

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// Sampler is a model that makes new pictures of nothing but random numbers.
type Sampler interface {
	Model
	// Sample makes n new pictures (n, C, H, W) in [−1, 1]. Like Preview it works with the generators in evaluation mode as
	// well as in training mode.
	Sample(n int) *torch.Tensor
}

// SamplerOf is m as a Sampler; the error says what the system does instead.
func SamplerOf(m Model) (Sampler, error) {
	if s, ok := m.(Sampler); ok {
		return s, nil
	}
	switch m.(type) {
	case Translator, Sequencer:
		return nil, fmt.Errorf("%s makes pictures of pictures, not of random numbers alone: use forger translate", m.System())
	}
	return nil, fmt.Errorf("%s makes no pictures of random numbers alone", m.System())
}

// Latent is a model whose pictures are made of latents alone, so that walks between them can be shown, and truncation.
type Latent interface {
	Sampler
	// Latents draws n latents (n, …) as Sample does, on the device of the networks.
	Latents(n int) *torch.Tensor
	// Generate makes the pictures (n, C, H, W) in [−1, 1] of latents.
	Generate(z *torch.Tensor) *torch.Tensor
}

// Conditional is a model that makes pictures of a class.
type Conditional interface {
	Sampler
	// Classes is the number of classes.
	Classes() int
	// SampleClasses makes a new picture (n, C, H, W) in [−1, 1] of each of the labels (n), int64, on the CPU.
	SampleClasses(labels *torch.Tensor) *torch.Tensor
}

// ClassLatent is a model whose pictures are made of a latent and a class alone, so that walks between latents can be shown,
// and truncation.
type ClassLatent interface {
	Conditional
	// Latents draws n latents (n, …), not truncated, on the device of the networks.
	Latents(n int) *torch.Tensor
	// GenerateClasses makes the pictures (n, C, H, W) in [−1, 1] of latents and labels (n), int64, on the CPU.
	GenerateClasses(z, labels *torch.Tensor) *torch.Tensor
}

// Mixer is a model that also makes pictures of what several classes have in common.
type Mixer interface {
	Conditional
	// SampleMixtures makes a new picture (n, C, H, W) in [−1, 1] of each row of weights (n, Classes), float32 of at least 0
	// that sum to 1, on the CPU.
	SampleMixtures(weights *torch.Tensor) *torch.Tensor
}

// Texted is a model that makes pictures of sentences, which it takes as embeddings of the encoder that embedded its data.
type Texted interface {
	Sampler
	// TextSize is the number of values of an embedding.
	TextSize() int
	// SampleText makes a new picture (n, C, H, W) in [−1, 1] of each of the embeddings (n, TextSize), float32, on the CPU.
	SampleText(embeddings *torch.Tensor) *torch.Tensor
}

// Translator is a model that makes pictures of pictures, or of label maps.
type Translator interface {
	Model
	// Translation says what Translate takes and makes under the model's settings.
	Translation() Translation
	// Translate makes pictures (N, C, Scale·H, Scale·W) in [−1, 1] of the Inputs in b, of any size that Multiple allows;
	// with back, which Translation.Back must allow, pictures like the first of the Inputs of the Target. None depends on
	// those beside it. What is random about them comes from the default generator.
	Translate(b *Batch, back bool) *torch.Tensor
}

// Translation describes a Translator.
type Translation struct {
	Inputs   []string // fields of a batch that are translated: "A"; "label" and "instance"
	Target   string   // field of what Translate should make: "B"; "image"
	Paired   bool     // the target of an item belongs to its inputs, so that scores may compare the two
	Back     bool     // it also translates from the Target to the first of the Inputs
	Style    bool     // it can take the style of a further picture
	Scale    int      // of the sides: 1, or 4 for super-resolution
	Multiple int      // the sides of inputs are multiples of it
	Margin   int      // pixels of input around a tile that its pictures depend on; 0 where that is the whole input
}

// Multiscale is a model that makes pictures from coarse to fine, each scale of the one before, so that the likelihood of a picture
// is that of its coarsest scale times those of the finer ones given the coarser; see metrics.ParzenScales.
type Multiscale interface {
	Sampler
	// Scales gives the coordinates of pictures (n, C, H, W) in [−1, 1] at each scale, the coarsest first, (n, D) each. Together
	// they are the picture up to a linear map: the log-density of a picture with pixels from 0 to 1 is that of its
	// coordinates plus volume.
	Scales(x *torch.Tensor) (scales []*torch.Tensor, volume float64)
	// SampleScale makes n samples (n, D) of the coordinates of a scale; those of a finer one for the coarser scales of the
	// picture x (1, C, H, W). Like Preview it works in both modes of the generators.
	SampleScale(scale, n int, x *torch.Tensor) *torch.Tensor
}

// Sequencer is a model that makes a video frame by frame, each one of its own inputs and of the frames before it.
//
//	s.Begin(first)
//	for _, b := range frames {
//		show(s.Next(b))
//	}
type Sequencer interface {
	Model
	// Sequence says what Next takes and makes under the model's settings.
	Sequence() Sequence
	// Begin forgets the video so far. first is the Sequence.First frames (First, C, H, W) in [−1, 1] that the new one begins
	// with, the earliest first; nil where that is 0.
	Begin(first *torch.Tensor)
	// Next makes the next frame (1, C, H, W) in [−1, 1] of the Inputs of that frame alone in b, each (1, …) as System.Input
	// makes them. The first frames are those that Begin was given. All frames of a video have one size, which Multiple allows.
	Next(b *Batch) *torch.Tensor
}

// Sequence describes a Sequencer.
type Sequence struct {
	Translation
	First int // frames of a video that Begin must be given; 0 where the model makes them, too
}

// Informed is a model that must know what it is to learn from, as how its labels were corrupted.
type Informed interface {
	Model
	// Inform tells the model its training set. Open calls it, on the device of the networks, before the first step. The error
	// says why the set does not fit.
	Inform(set data.Dataset) error
}

// Beginner is a model that takes up more than weights of its own where a run begins: statistics of the data, or the first of two
// stages.
type Beginner interface {
	Model
	// Begin is called by Open with the training set before the first step of a new run, after Init, on the device of the
	// networks, and not where a run goes on: checkpoints hold what it takes up. The error says what is missing.
	Begin(set data.Dataset) error
}

// Arranged is a model whose sample grid has rows of its own length, as those of a picture of each class.
type Arranged interface {
	Model
	// Columns is the number of pictures in a row of the grid.
	Columns() int
}

// Exhibitor is a model whose sample grid shows items of the data: input, output and target side by side.
type Exhibitor interface {
	Arranged
	// Exhibit gives the model the items of its grid, on the device of the networks. They are the model's own. Open calls
	// it before the first Preview.
	Exhibit(b *Batch)
}

// Adopter is a model that can begin from the networks of another one, as a larger one does from a smaller.
type Adopter interface {
	Model
	// Adopt takes over what fits of a file's tensors, named as in a checkpoint, where they are of such a model. Otherwise it
	// says false, and the file must hold all of the model's own networks.
	Adopt(state []nn.Entry) (adopted bool, err error)
}

// Clusterer is a model that translates an input in several ways, by clusters of what it saw in its training set. They lie in
// a file beside the run's checkpoints, which Load reads.
type Clusterer interface {
	Model
	// Cluster finds at most k clusters of each kind of thing in a set and writes them into the folder of the run. It says in
	// a line what it wrote.
	Cluster(ctx context.Context, run string, set data.Dataset, k int) (string, error)
	// ReadClusters takes up what Cluster wrote, and does nothing where there is no such file.
	ReadClusters(run string) error
}
