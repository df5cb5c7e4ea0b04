package acgan

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"paper":         {Channels: 1, Classes: 2, Latent: 8, Divide: 4, LR: 2e-3},
	"acgan-pytorch": {Net: "acgan-pytorch", Channels: 1, Classes: 2, Latent: 8, Divide: 4, LR: 2e-3},
	"pytorch-gan":   {Net: "pytorch-gan", Channels: 1, Classes: 2, Latent: 8, Divide: 4, LR: 2e-3},
	"keras":         {Net: "keras", Size: 28, Channels: 1, Classes: 2, Latent: 8, Divide: 16, LR: 2e-3},
}

// shades are pictures that are dark, class 0, or bright, class 1, which D must soon tell.
type shades struct{ zootest.Labelled }

func pictures(c Config) shades {
	size := 32
	if c.Size != 0 {
		size = c.Size
	}
	return shades{zootest.Labelled{Pictures: zootest.Pictures{Items: 48, Channels: 1, Size: size}, Classes: 2}}
}

// Read draws a picture and makes it dark or bright.
func (s shades) Read(i int, rng *rand.Rand, row []data.Array) error {
	err := s.Labelled.Read(i, rng, row)
	for k := range row[0].Float32 {
		row[0].Float32[k] = row[0].Float32[k]/4 + float32(row[1].Int64[0])*1.2 - 0.6
	}
	return err
}

func TestTheDiscriminatorLearnsTheClasses(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 16, 24, "D/class")
			require.Less(t, zootest.Mean(losses[16:]), zootest.Mean(losses[:8]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, pictures(c))
		})
	}
}

func TestAPictureIsOfItsClass(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				m, err := New(c)
				require.NoError(t, err)
				nn.Eval(m.G)
				z := m.draw(2, torch.Device{})
				x := m.generate(z, torch.FromSlice([]int64{0, 1}))
				other := m.generate(z, torch.FromSlice([]int64{0, 0}))
				require.True(t, x.At(0).Equal(other.At(0)))
				require.False(t, x.At(1).Equal(other.At(1)))
				require.Equal(t, 2, m.Classes())
				require.Equal(t, 2*m.Columns(), m.Preview().Size(0))
				require.Equal(t, 4, m.SampleClasses(torch.FromSlice([]int64{0, 0, 1, 1})).Size(0))
			})
		})
	}
}

func TestDataWithoutLabelsAreRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["paper"])
		require.NoError(t, err)
		b := train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{4, 1, 32, 32})})
		err = torch.Try(func() { m.Step(b) })
		require.ErrorContains(t, err, "acgan: the data have no labels: put the pictures of each class into a folder of its own")
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"acgan: --net paper is for 32, 64 or 128 pixels, not --size 28":         {Size: 28},
		"acgan: --net acgan-pytorch is for 32 or 128 pixels, not --size 64":     {Net: "acgan-pytorch", Size: 64},
		"acgan: --net pytorch-gan is for multiples of 16 pixels, not --size 28": {Net: "pytorch-gan", Size: 28},
		"acgan: --net keras is for 28 pixels, not --size 32":                    {Net: "keras"},
		"acgan: --channels 2 is neither 1 nor 3":                                {Channels: 2},
		"acgan: --classes -1 and --latent 100 must be at least 1":               {Classes: -1},
		"acgan: --divide 3 is not 1, 2, 4, 8 or 16":                             {Divide: 3},
		"acgan: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)":  {Beta1: new(1.0)},
		"acgan: --class-d -1 and --class-g 1 must not be negative":              {ClassD: new(-1.0)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
