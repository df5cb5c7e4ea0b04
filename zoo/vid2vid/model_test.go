package vid2vid

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// discs are windows of a striped disc, label 1, that moves over a ramp, label 0. Its stripes go with it, which the label map
// does not tell.
type discs struct {
	items, size int
	config      Config
	stage       int
}

func (d discs) Name() string { return "discs" }
func (d discs) Len() int     { return d.items }

// At is windows as long as the settings want them.
func (d discs) At(epoch int) data.Dataset {
	d.stage = d.config.stage(epoch)
	return d
}

func (d discs) frames() int { return d.config.frames(d.stage) + d.config.past() }

func (d discs) Fields() []data.Field {
	field := func(name string, channels int, ids bool) data.Field {
		return data.Field{Name: name, Shape: []int{d.frames(), channels, d.size, d.size}, Int64: ids}
	}
	fields := []data.Field{field("B", 3, false)}
	if *d.config.Classes == 0 {
		return append(fields, field("A", d.config.Channels, false))
	}
	return append(fields, field("label", 1, true), field("inst", 1, true))
}

func (d discs) Read(i int, rng *rand.Rand, row []data.Array) error {
	size, area := float64(d.size), d.size*d.size
	x, y, speed := size*(0.3+0.2*rng.Float64()), size*(0.4+0.2*rng.Float64()), 1+float64(i%2)
	for t := range d.frames() {
		x := x + speed*float64(t)/2
		for k := range area {
			px, py := float64(k%d.size), float64(k/d.size)
			inside := math.Hypot(px-x, py-y) < size/4
			colour := [3]float64{py/size - 0.5, 0, 0.5 - py/size}
			if inside {
				colour = [3]float64{math.Sin(px - x), 0.8, -0.8}
			}
			for c, v := range colour {
				row[0].Float32[(3*t+c)*area+k] = float32(v)
			}
			if *d.config.Classes == 0 {
				for c := range d.config.Channels {
					row[1].Float32[(d.config.Channels*t+c)*area+k] = map[bool]float32{true: 1, false: -1}[inside]
				}
				continue
			}
			row[1].Int64[t*area+k] = map[bool]int64{true: 1}[inside]
			row[2].Int64[t*area+k] = map[bool]int64{true: int64(7 + i)}[inside]
		}
	}
	return nil
}

// tiny is a system of 32 pixels.
var tiny = Config{
	Size: 32, Classes: new(2), Instances: true, Width: 4, Downs: 2, Blocks: 1, LocalBlocks: 1, DWidth: 4, DLayers: 2, TimeScales: 1,
	Frames: 4, Chunk: 2, LR: 0.002,
}

// with is tiny, changed, with all defaults.
func with(t testing.TB, change func(c *Config)) Config {
	c := tiny
	change(&c)
	c, err := c.withDefaults()
	require.NoError(t, err)
	return c
}

var variants = map[string]func(c *Config){
	"one level": func(*Config) {},
	"windows that get longer, foreground": func(c *Config) {
		c.Foreground, c.ForeLabel, c.Frames, c.MaxFrames, c.LengthEvery, c.Back, c.TimeScales = true, 1, 2, 8, 1, 4, 2
	},
	"three levels, the last alone at first": func(c *Config) {
		c.Levels, c.FixedEpochs, c.GradientCheckpointing, c.Width, c.Downs = 3, 1, true, 8, 1
	},
	"no first frames, TTUR": func(c *Config) { c.First, c.TTUR, c.FullEpochs, c.DecayEpochs = "none", true, new(1), new(2) },
	"poses with faces":      func(c *Config) { c.Kind, c.Classes, c.Instances, c.Face, c.NoFlow = "pose", new(0), false, true, true },
}

func TestItLearns(t *testing.T) {
	torchtest.Native(t)
	for _, name := range []string{"one level", "poses with faces"} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				torch.ManualSeed(1)
				c := with(t, variants[name])
				c.Chunk, c.LR = c.Frames, 0.005 // a step makes one update
				m, err := New(c)
				require.NoError(t, err)
				set := discs{items: 8, size: 32, config: c}
				b, err := train.Items(set, 0, 1, torch.Device{})
				require.NoError(t, err)
				distance := func() float64 { return videoOf(m, b).Sub(b.Tensor("B").SqueezeDim(0)).Abs().Mean().Item() }
				first := distance()
				zootest.Learns(t, m, set, 1, 25, "G/matching")
				last := distance()
				t.Logf("distance from the frames %.3f, then %.3f", first, last)
				require.Less(t, last, 0.7*first)
			})
		})
	}
}

// frameOf is the batch of one frame of a window, as it is translated.
func frameOf(m *Model, b *train.Batch, t int) *train.Batch {
	fields := map[string]*torch.Tensor{}
	for _, name := range m.Sequence().Inputs {
		x := b.Tensor(name).Narrow(0, 0, 1).Select(1, t)
		if !x.DType().IsFloat() {
			x = x.SqueezeDim(1)
		}
		fields[name] = x
	}
	return train.NewBatch(fields)
}

// videoOf makes a video (T, 3, H, W) of the first window of a batch.
func videoOf(m *Model, b *train.Batch) *torch.Tensor {
	var first *torch.Tensor
	if n := m.Sequence().First; n > 0 {
		first = b.Tensor("B").Select(0, 0).Narrow(0, 0, n)
	}
	m.Begin(first)
	var frames []*torch.Tensor
	for t := range b.Tensor("B").Size(1) {
		frames = append(frames, m.Next(frameOf(m, b, t)))
	}
	return torch.Cat(frames)
}

// Eight items in batches of 4 are two steps an epoch, so that runs end before, at and after the epochs in which all generators
// begin to learn, windows get longer and rates begin to fall.
func TestARunThatIsResumedHasTheSameBits(t *testing.T) {
	torchtest.Native(t)
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			c := with(t, change)
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, discs{items: 8, size: 32, config: c})
		})
	}
}

func TestOnlyTheFinestGeneratorLearnsAtFirst(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, variants["three levels, the last alone at first"])
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
		require.NoError(t, err)
		moved := func() (levels []int) {
			before := make([]*torch.Tensor, len(m.G))
			for i, g := range m.G {
				before[i] = nn.Parameters(g)[0].Detach().Clone()
			}
			m.Step(b)
			for i, g := range m.G {
				if !before[i].Equal(nn.Parameters(g)[0]) {
					levels = append(levels, i)
				}
			}
			return levels
		}
		require.Equal(t, []int{2}, moved())
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
		require.Equal(t, []int{0, 1, 2}, moved(), "after the epoch")
	})
}

// The rates are those of the official program: those of temporal discriminators stay, and the fall forgets what TTUR made of
// the others.
func TestLearningRatesFallAsTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	m, err := New(with(t, func(c *Config) { c.TTUR, c.LR, c.FullEpochs, c.DecayEpochs = true, 0.01, new(10), new(10) }))
	require.NoError(t, err)
	rates := map[int][3]float64{}
	for epoch := 1; epoch <= 20; epoch++ {
		rates[epoch] = [3]float64{m.optG.Groups()[0].LR, m.optD.Groups()[0].LR, m.optTime[0].Groups()[0].LR}
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
	for epoch, want := range map[int][3]float64{
		1: {0.005, 0.02, 0.01}, 11: {0.005, 0.02, 0.01}, 12: {0.009, 0.009, 0.01}, 20: {0.001, 0.001, 0.01},
	} {
		for i := range want {
			require.InDelta(t, want[i], rates[epoch][i], 1e-12, "epoch %d", epoch)
		}
	}
}

func TestWindowsGetLongerByWholeChunks(t *testing.T) {
	c := Config{Frames: 6, Chunk: 12, MaxFrames: 126, Back: 3, LengthEvery: 5}
	var frames, chunks, back []int
	for stage := range 7 {
		n := c.frames(stage)
		frames, chunks, back = append(frames, n), append(chunks, c.chunk(n)), append(back, c.back(stage))
	}
	require.Equal(t, []int{6, 12, 24, 48, 96, 120, 120}, frames)
	require.Equal(t, []int{6, 12, 12, 12, 12, 12, 12}, chunks)
	require.Equal(t, []int{1, 2, 3, 3, 3, 3, 3}, back)
	require.Equal(t, []int{0, 0, 1, 3}, []int{c.stage(0), c.stage(4), c.stage(5), c.stage(15)})
}

// A step in the middle of a window has the numbers of one that makes all of it, where gradients do not go back.
func TestFramesDoNotDependOnTheChunksThatTheyAreMadeIn(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		var made [2][]*torch.Tensor
		for i, chunk := range []int{1, 4} {
			torch.ManualSeed(1)
			c := with(t, func(c *Config) { c.Chunk, c.LR = chunk, 1e-30 })
			m, err := New(c)
			require.NoError(t, err)
			b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
			require.NoError(t, err)
			m.play(b, func(_ losses, s shot) { made[i] = append(made[i], s.Made.Detach().Keep()) })
		}
		require.True(t, torch.Cat(made[0], torch.CatOptions{Dim: 1}).AllClose(made[1][0], torch.AllCloseOptions{Atol: new(1e-4)}))
	})
}

func TestGradientsGoBackThroughAsManyFramesAsTheStageSays(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, func(c *Config) { c.Chunk, c.Back, c.LengthEvery, c.MaxFrames = 4, 4, 1, 4 })
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
		require.NoError(t, err)
		depends := func() bool { // of the fourth frame on a map that only the first one sees
			maps := m.conditions(b, 0, 6).Detach().SetRequiresGrad(true)
			m.shoot(&take{}, maps, b.Tensor("B")).Made.Select(1, 3).Sum().Backward()
			return maps.Grad().Select(1, 0).Abs().Max().Item() > 0
		}
		require.False(t, depends())
		m.passes.Over = 2
		require.True(t, depends())
	})
}

func TestGradientCheckpointingChangesNoBit(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		defer torch.SetThreads(torch.Threads())
		torch.SetThreads(1)
		var state [2][]nn.Entry
		for i, on := range []bool{false, true} {
			torch.ManualSeed(1)
			c := with(t, func(c *Config) { c.Levels, c.GradientCheckpointing = 2, on })
			m, err := New(c)
			require.NoError(t, err)
			b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
			require.NoError(t, err)
			m.Step(b)
			for _, g := range m.G {
				state[i] = append(state[i], nn.StateDict(g)...)
			}
		}
		for i, e := range state[0] {
			require.True(t, e.Tensor.Equal(state[1][i].Tensor), e.Name)
		}
	})
}

// A step on a longer window keeps no more tensors, and a longer video neither.
func TestMemoryDoesNotGrowWithTheLengthOfAVideo(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, func(c *Config) { c.Width, c.Blocks, c.Levels = 2, 0, 1 })
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(discs{items: 8, size: 16, config: c}, 0, 1, torch.Device{})
		require.NoError(t, err)
		m.Begin(b.Tensor("B").Select(0, 0).Narrow(0, 0, 2))
		one := frameOf(m, b, 0)
		var live []int
		for range 1000 {
			torch.Scope(func() { require.Equal(t, []int{1, 3, 16, 16}, m.Next(one).Shape()) })
			live = append(live, torch.Live())
		}
		for _, n := range live[4:] {
			require.LessOrEqual(t, n, live[3]) // less where garbage of before was collected
		}
		m.Begin(b.Tensor("B").Select(0, 0).Narrow(0, 0, 2))

		var atChunk []int
		long := c
		long.Frames = 16
		b, err = train.Items(discs{items: 8, size: 16, config: long}, 0, 1, torch.Device{})
		require.NoError(t, err)
		m.Step(b) // makes the optimisers' states
		m.play(b, func(losses, shot) { atChunk = append(atChunk, torch.Live()) })
		require.Len(t, atChunk, 8)
		for i := 4; i < len(atChunk); i++ {
			require.LessOrEqual(t, atChunk[i], atChunk[i-1]+len(official), "more than the losses of a chunk")
		}
	})
}

func TestAVideoBeginsWithTheFramesThatItIsGiven(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, func(c *Config) { c.Levels = 2 })
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
		require.NoError(t, err)
		before := content(m)
		real, made := b.Tensor("B").SqueezeDim(0), videoOf(m, b)
		require.True(t, made.Narrow(0, 0, 2).Equal(real.Narrow(0, 0, 2)))
		require.True(t, made.Equal(videoOf(m, b)), "Begin forgets the last video")
		require.Equal(t, before, content(m), "a video leaves the running averages alone")
		torch.NoGrad(func() { // as a step makes them
			var now take
			s := m.shoot(&now, m.conditions(b, 0, 6), b.Tensor("B"))
			require.True(t, made.Narrow(0, 2, 4).AllClose(s.Made.SqueezeDim(0), torch.AllCloseOptions{Atol: new(1e-5)}))
		})
		require.ErrorContains(t, torch.Try(func() { m.Begin(nil) }), "begins with the real frames")

		nn.Eval(m.G[0]) // and goes back to training with running statistics
		m.config.Running = true
		require.False(t, made.Equal(videoOf(m, b)))
	})
}

// content is a number that changes with the state of the generators.
func content(m *Model) (sum float64) {
	for _, g := range m.G {
		for _, e := range nn.StateDict(g) {
			sum += e.Tensor.ToDType(torch.Float64).Sum().Item()
		}
	}
	return sum
}

func TestAVideoWithoutFirstFramesBeginsWithARawOne(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, func(c *Config) { c.First = "none" })
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
		require.NoError(t, err)
		made := videoOf(m, b)
		require.Zero(t, m.Sequence().First)
		torch.NoGrad(func() {
			maps := m.conditions(b, 0, 1).Repeat(1, 3, 1, 1, 1)
			f := m.G[0].Forward(View{Maps: joined(maps), Past: torch.Zeros([]int{1, 6, 32, 32}), RawOnly: true}, nil)
			require.True(t, made.Narrow(0, 0, 1).AllClose(f.Raw, torch.AllCloseOptions{Atol: new(1e-5)}))
		})
	})
}

func TestAGeneratorOfSingleFramesMakesTheFirstOnes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, test := range []struct {
			in     int
			norm   translation.Norm
			prefix string
		}{{2, translation.Instance, ""}, {3, translation.Batch, "G."}} {
			g := translation.NewGlobalGenerator(test.in, 3, translation.Global{Width: 4, Downs: 2, Blocks: 2, Norm: test.norm})
			gan.InitNormal(g)
			state := nn.StateDict(g)
			for i := range state {
				state[i].Name = test.prefix + state[i].Name
			}
			path := filepath.Join(t.TempDir(), "latest_net_G_512.pth")
			require.NoError(t, pth.Save(path, pth.FromState(state)))
			c := with(t, func(c *Config) { c.First, c.Single = "single", path })
			m, err := New(c)
			require.NoError(t, err)
			b, err := train.Items(discs{items: 8, size: 32, config: c}, 0, 1, torch.Device{})
			require.NoError(t, err)
			made := videoOf(m, b)
			require.Equal(t, []int{6, 3, 32, 32}, made.Shape())
			torch.NoGrad(func() {
				maps := m.conditions(b, 1, 1).SqueezeDim(1).Narrow(1, 0, test.in)
				require.True(t, made.Narrow(0, 1, 1).AllClose(g.Forward(maps), torch.AllCloseOptions{Atol: new(1e-5)}))
			})
			_, err = New(with(t, func(c *Config) { c.First, c.Single, c.Classes = "single", path, new(7) }))
			require.ErrorContains(t, err, fmt.Sprintf("it sees %d channels, but the condition maps of a frame have 8, with edges", test.in))
		}
	})
}

func TestFacesAreASquareThatStaysInTheFrame(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		maps := torch.Full([]int{2, 6, 64, 96}, -1)
		_, _, _, found := faceIn(maps, 64)
		require.False(t, found)
		maps.Select(1, 2).Narrow(1, 0, 6).Narrow(2, 80, 8).FillInPlace(1)
		top, left, side, found := faceIn(maps, 64)
		require.True(t, found)
		require.Equal(t, []int{0, 75, 16}, []int{top, left, side})
	})
}

func TestNetworksGoToPythonAndBackUnderTheOfficialNames(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := with(t, func(c *Config) { c.Levels, c.Foreground, c.ForeLabel, c.TimeScales = 2, true, 1, 2 })
		m, err := New(c)
		require.NoError(t, err)
		other, err := New(c)
		require.NoError(t, err)
		names := zootest.LoadsBack(t, m, other)
		for _, name := range []string{
			"G0.indv_down.1.weight", "G0.indv_res.0.conv_block.5.bias", "G0.model_down_seg.2.running_mean", "G0.model_down_img.10.conv_block.1.weight",
			"G0.model_up_flow.3.weight", "G0.model_final_w.1.bias", "G1.model_up_img.0.conv_block.6.num_batches_tracked",
			"G1.model_up_img.1.weight", "D.scale0_layer0.0.weight", "D_T0.scale1_layer2.1.running_var", "D_T1.scale0_layer3.0.bias",
		} {
			require.Contains(t, names, name)
		}
	})
}

// The network of the frames before begins as a copy of that of the maps, biases too, but for its first layers.
func TestTheTwoEncodersBeginWithOneSetOfBiases(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		g := NewGenerator(9, 0, with(t, func(*Config) {}))
		past := map[string]*torch.Tensor{}
		for _, e := range nn.StateDict(g.PastDown) {
			past[e.Name] = e.Tensor
		}
		for _, e := range nn.StateDict(g.MapDown) {
			if !strings.HasPrefix(e.Name, "1.") {
				require.True(t, past[e.Name].Equal(e.Tensor), e.Name)
			}
		}
	})
}

func TestFinerGeneratorsBeginFromARunOfCoarserOnes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		half, err := New(with(t, func(c *Config) { c.Scales = 1 }))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "half.pth")
		tree := &pth.Dict{}
		for _, n := range half.Parts().Networks {
			tree.Items = append(tree.Items, pth.Item{Key: n.Name, Value: pth.FromState(nn.StateDict(n.Module))})
		}
		require.NoError(t, pth.Save(path, tree))
		whole, err := New(with(t, func(c *Config) { c.Levels, c.Scales, c.DWidth = 2, 2, 64 }))
		require.NoError(t, err)
		require.ErrorContains(t, train.Init(path, whole), "network D")
		whole, err = New(with(t, func(c *Config) { c.Levels, c.Scales = 2, 1 }))
		require.NoError(t, err)
		require.NoError(t, train.Init(path, whole))
		for i, e := range nn.StateDict(whole.G[0]) {
			require.True(t, e.Tensor.Equal(nn.StateDict(half.G[0])[i].Tensor), e.Name)
		}
	})
}

// From street512 to street1024 discriminators get a resolution more, at the same width.
func TestDiscriminatorsOfMoreResolutionsTakeOverThoseThatThereWere(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		half, err := New(with(t, func(c *Config) { c.DWidth, c.Scales = 64, 1 }))
		require.NoError(t, err)
		whole, err := New(with(t, func(c *Config) { c.DWidth, c.Levels, c.Scales = 64, 2, 2 }))
		require.NoError(t, err)
		state := func(m *Model) map[string]*torch.Tensor {
			all := map[string]*torch.Tensor{}
			for _, n := range m.Parts().Networks {
				for _, e := range nn.StateDict(n.Module) {
					all[n.Name+"."+e.Name] = e.Tensor
				}
			}
			return all
		}
		before := map[string]*torch.Tensor{}
		for name, x := range state(whole) {
			before[name] = x.Clone()
		}
		var given []nn.Entry
		for name, x := range state(half) {
			given = append(given, nn.Entry{Name: name, Tensor: x})
		}
		adopted, err := whole.Adopt(given)
		require.NoError(t, err)
		require.True(t, adopted)
		coarse := state(half)
		require.Contains(t, coarse, "D.scale0_layer0.0.weight")
		require.Contains(t, before, "D.scale1_layer0.0.weight")
		for name, x := range state(whole) {
			want := coarse[name]
			if want == nil {
				want = before[name] // it begins afresh
			}
			require.True(t, x.Equal(want), name)
		}
	})
}

var (
	_ train.Adopter   = (*Model)(nil)
	_ train.Sequencer = (*Model)(nil)
	_ train.Exhibitor = (*Model)(nil)
	_ data.Staged     = (*windows)(nil)
)
