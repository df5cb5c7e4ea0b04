package vid2vid

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of NVIDIA/vid2vid at commit 2e6d137, with corners of grids aligned as in the PyTorch that it was
// written for.
func TestParity(t *testing.T) {
	parity.Run(t, "vid2vid", func(t *testing.T, c *parity.Case) {
		switch class := c.Meta.Class; {
		case class == "CompositeGenerator" || class == "CompositeLocalGenerator":
			for _, checkpoint := range []bool{false, true} {
				checkGenerator(t, c, checkpoint)
			}
		case class == "MultiscaleDiscriminator":
			checkDiscriminator(t, c)
		case strings.HasPrefix(class, "BaseNetwork.resample"):
			checkWarp(c)
		case strings.HasPrefix(class, "BaseModel.build_pyr"):
			checkPyramid(c)
		case strings.HasPrefix(class, "get_skipped_frames"):
			checkTriples(c)
		case strings.HasPrefix(class, "Vid2VidModelD.forward"):
			checkLosses(t, c)
		case strings.HasPrefix(class, "Vid2VidModelG.forward"):
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", class)
		}
	})
}

// caseConfig are the settings of a case.
func caseConfig(t *testing.T, c *parity.Case) Config {
	config := Config{
		Width: c.Int("ngf", 128), Downs: c.Int("n_downsampling", c.Int("n_downsample_G", 3)), Blocks: c.Int("n_blocks", 9),
		LocalBlocks: c.Int("n_blocks_local", 3), Window: c.Int("prev_output_nc", 6)/3 + 1, Classes: new(c.Int("label_nc", 0)),
		DWidth: c.Int("ndf", 64), DLayers: c.Int("n_layers_D", 3), Scales: c.Int("num_D", 2), DFrames: c.Int("n_frames_D", 3),
		Levels: c.Int("scale", 0) + 1, TimeScales: c.Int("n_scales_temporal", 2),
	}
	first := false
	c.Setting("norm", &config.Norm)
	c.Setting("no_flow", &config.NoFlow)
	c.Setting("lambda_feat", &config.Lambda)
	c.Setting("no_first_img", &first)
	if first {
		config.First = "none"
	}
	config, err := config.withDefaults()
	require.NoError(t, err)
	c.Setting("use_fg_model", &config.Foreground)
	return config
}

func checkGenerator(t *testing.T, c *parity.Case, checkpoint bool) {
	config := caseConfig(t, c)
	config.GradientCheckpointing = checkpoint
	level := c.Int("scale", 0)
	config.Width <<= level // the case states that of the level
	g := NewGenerator(c.Int("input_nc", 0), level, config)
	requireKeys(t, c, g)
	c.Load(g, "")
	for name, x := range c.Inputs {
		if c.Outputs["grad.input."+name] != nil {
			x.SetRequiresGrad(true)
			torch.ClearGrads([]*torch.Tensor{x})
		}
	}
	v := View{Maps: c.Inputs["input"], Past: c.Inputs["img_prev"], Fore: c.Inputs["mask"]}
	c.Setting("use_raw_only", &v.RawOnly)
	var coarse *Frame
	if level > 0 {
		coarse = &Frame{Feature: c.Inputs["img_feat_coarse"], FlowFeature: c.Inputs["flow_feat_coarse"]}
	}
	f := g.Forward(v, coarse)
	out := parity.State{}
	for name, x := range map[string]*torch.Tensor{
		"img_final": f.Final, "flow": f.Flow, "weight": f.Weight, "img_raw": f.Raw,
		"img_feat": f.Feature, "flow_feat": f.FlowFeature, "img_fg_feat": f.ForeFeature,
	} {
		if x != nil {
			out[name] = x
		}
	}
	c.CheckNetwork(g, out)
}

// requireKeys compares the names of a state, and their order, with the official ones.
func requireKeys(t *testing.T, c *parity.Case, module any) {
	var keys []string
	for _, e := range nn.StateDict(module) {
		keys = append(keys, e.Name)
	}
	require.Equal(t, c.Meta.KeyOrder, keys)
}

func checkDiscriminator(t *testing.T, c *parity.Case) {
	var norm translation.Norm
	c.Setting("norm", &norm)
	d := translation.NewMultiscaleDiscriminator(c.Int("input_nc", 0), translation.Multiscale{
		Scales: c.Int("num_D", 2), Layers: c.Int("n_layers", 3), Width: c.Int("ndf", 64), Norm: norm, Widening: true,
	})
	requireKeys(t, c, d)
	c.Load(d, "")
	out := parity.State{}
	for scale, layers := range d.Forward(c.Inputs["x"].SetRequiresGrad(true)) {
		for layer, x := range layers {
			out[fmt.Sprintf("out.%d.%d", scale, layer)] = x
		}
	}
	c.CheckNetwork(d, out)
}

func checkWarp(c *parity.Case) {
	image, moved := c.Inputs["image"].SetRequiresGrad(true), c.Inputs["flow"].SetRequiresGrad(true)
	out := flow.Warp(image, moved)
	c.Check("out", out)
	loss := out.Mul(c.Inputs["proj"]).Sum()
	c.Check("loss", loss)
	loss.Backward()
	c.Check("grad.input.image", image.Grad())
	c.Check("grad.input.flow", moved.Grad())
	c.Check("identity", flow.Warp(image, moved.ZerosLike()))

	on := torch.TensorOptions{Device: c.Device()}
	n, h, w := image.Size(0), image.Size(2), image.Size(3)
	across, down := torch.Linspace(-1, 1, w, on).Expand([]int{n, h, w}), torch.Linspace(-1, 1, h, on).View(-1, 1).Expand([]int{n, h, w})
	c.Check("grid", torch.Stack([]*torch.Tensor{across, down}, torch.StackOptions{Dim: 1}))
	// What is not to be done: the same grid where corners are not aligned.
	grid := torch.Stack([]*torch.Tensor{
		across.Add(moved.Select(1, 0).DivScalar(float64(w-1) / 2)), down.Add(moved.Select(1, 1).DivScalar(float64(h-1) / 2)),
	}, torch.StackOptions{Dim: -1})
	c.Check("out_align_corners_false", torch.GridSample(image, grid, torch.GridSampleOptions{PaddingMode: "border"}))
}

func checkPyramid(c *parity.Case) {
	for i, x := range newFilm(c.Inputs["x"], c.Int("n_scales", 0)) {
		c.Check(fmt.Sprintf("pyr%d", i), x)
	}
	instances := c.Inputs["inst"].ToDType(torch.Int64)
	c.Check("edges", unfold(translation.InstanceEdges(areas(instances)), instances))
}

func checkTriples(c *parity.Case) {
	var r reel
	scales, tD := c.Int("t_scales", 0), c.Int("tD", 0)
	for call := 0; c.Inputs[fmt.Sprintf("frame%d", call)] != nil; call++ {
		for s, triple := range r.add(c.Inputs[fmt.Sprintf("frame%d", call)], scales, tD) {
			name := fmt.Sprintf("call%d.scale%d", call, s)
			if (triple == nil) != (c.Outputs[name] == nil) {
				panic(name + " is there in one of the two")
			}
			if triple != nil {
				c.Check(name, triple)
			}
		}
		c.Check(fmt.Sprintf("call%d.all", call), r.frames)
	}
}

// official are the official names of losses; those of temporal discriminators follow their own.
var official = map[string]string{
	"G/gan": "G_GAN", "G/matching": "G_GAN_Feat", "D/real": "D_real", "D/fake": "D_fake", "G/warp": "G_Warp",
	"F/flow": "F_Flow", "F/warp": "F_Warp", "F/weight": "W",
	"D_T0/real": "T0.D_T_real", "D_T0/fake": "T0.D_T_fake", "G/D_T0-gan": "T0.G_T_GAN", "G/D_T0-matching": "T0.G_T_GAN_Feat",
}

// checkTerms compares the terms of losses, and those that are always 0.
func checkTerms(t *testing.T, c *parity.Case, prefix string, l losses) {
	for _, v := range l.Losses {
		require.Contains(t, official, v.Name)
		c.Check(prefix+official[v.Name], v.Value)
	}
	for _, name := range []string{"G_VGG", "T0.G_T_Warp", "W"} {
		noted := slices.ContainsFunc(l.Losses, func(v train.Value) bool { return official[v.Name] == name })
		if want := c.Outputs[prefix+name]; want != nil && !noted {
			c.Check(prefix+name, want.ZerosLike())
		}
	}
}

func checkLosses(t *testing.T, c *parity.Case) {
	config := caseConfig(t, c)
	m, err := New(config)
	require.NoError(t, err)
	c.Load(m.D, "D.")
	c.Load(m.DTime[0], "D_T0.")
	in := c.Inputs
	wanted := map[string]*torch.Tensor{}
	for name, x := range in {
		if c.Outputs["grad.G.input."+name] != nil {
			wanted[name] = x.SetRequiresGrad(true)
		}
	}
	sequence := func(name string) *torch.Tensor { return in[name].Unsqueeze(1) }
	var l losses
	m.addImages(&l, shot{
		Real: sequence("real_B"), Made: sequence("fake_B"), Raw: in["fake_B_raw"], Maps: in["real_A"], RealPast: in["real_B_prev"],
		MadePast: in["fake_B_prev"], Flow: in["flow"], Weight: in["weight"], RefFlow: in["flow_ref"], Sure: in["conf_ref"],
	})
	none := []*torch.Tensor{nil}
	m.addTimes(&l, append([]*torch.Tensor{in["T_real_B"]}, none...), append([]*torch.Tensor{in["T_fake_B"]}, none...),
		append([]*torch.Tensor{in["T_flow_ref"]}, none...))
	checkTerms(t, c, "", l)
	c.Check("loss_G", l.generator)
	c.Check("loss_D", l.discriminator)
	c.Check("loss_D_T0", l.temporal[0])
	grads := func(prefix string, loss *torch.Tensor, of map[string]*torch.Tensor) {
		var names []string
		var tensors []*torch.Tensor
		for name, x := range of {
			names, tensors = append(names, name), append(tensors, x)
		}
		torch.ClearGrads(tensors)
		loss.Backward(torch.BackwardOptions{Inputs: tensors})
		for i, x := range tensors {
			if c.Outputs[prefix+names[i]] != nil {
				c.Check(prefix+names[i], x.Grad())
			}
		}
	}
	weights := func(prefix string, module any) map[string]*torch.Tensor {
		of := map[string]*torch.Tensor{}
		for _, e := range nn.StateDict(module) {
			if !e.Buffer {
				of[prefix+e.Name] = e.Tensor
			} else if c.Outputs["state."+prefix+e.Name] != nil {
				c.Check("state."+prefix+e.Name, e.Tensor)
			}
		}
		return of
	}
	grads("grad.G.input.", l.generator, wanted)
	grads("grad.D.", l.discriminator, weights("D.", m.D))
	grads("grad.DT.", l.temporal[0], weights("D_T0.", m.DTime[0]))
}

// checkTrace makes the recorded steps.
func checkTrace(t *testing.T, c *parity.Case) {
	config := caseConfig(t, c)
	config.Window, config.Frames, config.Chunk = c.Int("n_frames_G", 3), c.Int("n_frames_total", 4), c.Int("max_frames_per_gpu", 1)
	m, err := New(config)
	require.NoError(t, err)
	for _, n := range m.Parts().Networks {
		c.Load(n.Module, n.Name+".")
	}
	frame := 0
	m.ownPast = true
	m.reference = func(_, _ *torch.Tensor) (f, sure *torch.Tensor) {
		return c.Inputs["flow_ref"].Select(1, frame), c.Inputs["conf_ref"].Select(1, frame)
	}
	m.play(train.NewBatch(map[string]*torch.Tensor{"A": c.Inputs["A"], "B": c.Inputs["B"]}), func(l losses, s shot) {
		prefix := fmt.Sprintf("frame%d.", frame)
		checkTerms(t, c, prefix, l)
		c.Check(prefix+"fake", s.Made)
		frame++
	})
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			if name := "final." + n.Name + "." + e.Name; c.Outputs[name] != nil {
				c.Check(name, e.Tensor)
			}
		}
	}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	for _, test := range []struct {
		preset string
		change func(c *Config)
		g      []int // of each level
	}{
		{"street512", func(*Config) {}, []int{411335241}},
		{"street512", func(c *Config) { c.Foreground = false }, []int{365391366}},
		{"street2048", func(*Config) {}, []int{411335241, 2880489, 859641}},
		{"street1024", func(c *Config) { c.Foreground = false }, []int{365391366, 2446854}},
		{"street256-1gpu", func(*Config) {}, []int{137792649}},
		{"face512", func(*Config) {}, []int{364996230}},
		{"pose256", func(*Config) {}, []int{364826886}},
		{"pose512", func(*Config) {}, []int{364826886, 2164614}},
		{"pose256-1gpu", func(*Config) {}, []int{91285638}},
	} {
		torch.Scope(func() {
			torch.SkipInit(func() {
				c := Presets[test.preset]
				test.change(&c)
				c, err := c.withDefaults()
				require.NoError(t, err)
				for level, want := range test.g {
					require.Equal(t, want, nn.NumParameters(NewGenerator(c.maps()*c.Window, level, c)), "%s, level %d", test.preset, level)
				}
			})
		})
	}
	for _, test := range []struct{ in, scales, want int }{{39, 2, 5606786}, {39, 3, 8410179}, {13, 2, 5553538}, {13, 3, 8330307}} {
		torch.SkipInit(func() {
			d := translation.NewMultiscaleDiscriminator(test.in, translation.Multiscale{Scales: test.scales, Widening: true})
			require.Equal(t, test.want, nn.NumParameters(d))
		})
	}
}
