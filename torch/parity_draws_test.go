package torch_test

import (
	"math"
	"testing"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

func of(d torch.DType) torch.TensorOptions { return torch.TensorOptions{DType: d} }

func randnOf(d torch.DType, size ...int) func() *torch.Tensor {
	return func() *torch.Tensor { return torch.Randn(size, torch.RandnOptions{TensorOptions: of(d)}) }
}

func randOf(d torch.DType, size ...int) func() *torch.Tensor {
	return func() *torch.Tensor { return torch.Rand(size, torch.RandOptions{TensorOptions: of(d)}) }
}

func randIntOf(d torch.DType, low, high int, size ...int) func() *torch.Tensor {
	return func() *torch.Tensor {
		return torch.RandInt(low, high, size, torch.RandIntOptions{TensorOptions: of(d)})
	}
}

func perm(n int) func() *torch.Tensor { return func() *torch.Tensor { return torch.RandPerm(n) } }

func dropout(f func(*torch.Tensor, float64, bool) *torch.Tensor, p float64, size ...int) func() *torch.Tensor {
	return func() *torch.Tensor { return f(torch.Ones(size), p, true) }
}

func inPlace(f func(*torch.Tensor), d torch.DType, size ...int) func() *torch.Tensor {
	return func() *torch.Tensor {
		x := torch.Zeros(size, of(d))
		f(x)
		return x
	}
}

func filled(f func(*torch.Tensor), size ...int) func() *torch.Tensor {
	return inPlace(f, torch.Float32, size...)
}

// draws makes each draw of the parity kit; a name stands for the same draw wherever the kit has it.
var draws = map[string]func() *torch.Tensor{
	"randn_1": randnOf(torch.Float32, 1), "randn_3": randnOf(torch.Float32, 3), "randn_4": randnOf(torch.Float32, 4),
	"randn_15": randnOf(torch.Float32, 15), "randn_16": randnOf(torch.Float32, 16), "randn_17": randnOf(torch.Float32, 17),
	"randn_5x7": randnOf(torch.Float32, 5, 7), "randn_100": randnOf(torch.Float32, 100), "randn_1030": randnOf(torch.Float32, 1030),
	"randn_f64_5": randnOf(torch.Float64, 5), "randn_f64_40": randnOf(torch.Float64, 40),
	"randn_f16_20": randnOf(torch.Float16, 20), "randn_bf16_20": randnOf(torch.BFloat16, 20), "randn_last_2": randnOf(torch.Float32, 2),
	"normal_m2_s0.5_33": func() *torch.Tensor { return torch.Normal(2, 0.5, []int{33}) },
	"normal_tensor_mean": func() *torch.Tensor {
		return torch.NormalTensor(torch.Arange(0.0, 6.0), torch.Full([]int{6}, 0.1))
	},
	"normal__noncontiguous": func() *torch.Tensor { return torch.Zeros([]int{4, 6}).T().NormalInPlace() },
	"randn_like":            func() *torch.Tensor { return torch.Zeros([]int{2, 3}).RandnLike() },
	"trunc_20":              filled(func(x *torch.Tensor) { initializer.TruncNormal(x, 0, 1, -2, 2) }, 20),
	"channels_last": func() *torch.Tensor {
		return torch.Randn([]int{1, 3, 4, 4}).To(torch.ToOptions{MemoryFormat: torch.ChannelsLast})
	},

	"rand_1": randOf(torch.Float32, 1), "rand_3": randOf(torch.Float32, 3), "rand_4": randOf(torch.Float32, 4),
	"rand_50": randOf(torch.Float32, 50), "rand_70x10": randOf(torch.Float32, 70, 10), "rand_after": randOf(torch.Float32, 3),
	"rand_f64_6": randOf(torch.Float64, 6), "rand_f16_6": randOf(torch.Float16, 6), "rand_bf16_6": randOf(torch.BFloat16, 6),
	"uniform_-0.1_0.1_20":    filled(func(x *torch.Tensor) { initializer.Uniform(x, -0.1, 0.1) }, 20),
	"uniform__noncontiguous": func() *torch.Tensor { return torch.Zeros([]int{3, 4}).T().UniformInPlace() },

	"randint_10_20": randIntOf(torch.Int64, 0, 10, 20), "randint_-5_5_20": randIntOf(torch.Int64, -5, 5, 20),
	"randint_2pow31": randIntOf(torch.Int64, 0, 1<<31, 4), "randint_2pow40": randIntOf(torch.Int64, 0, 1<<40, 4),
	"randint_i32": randIntOf(torch.Int32, 0, 100, 6), "randint_f32": randIntOf(torch.Float32, 0, 9, 6),
	"randperm_1": perm(1), "randperm_10": perm(10), "randperm_100": perm(100), "randperm_1000": perm(1000),
	"random__i64":      inPlace(func(x *torch.Tensor) { x.RandomInPlace() }, torch.Int64, 4),
	"random__u8":       inPlace(func(x *torch.Tensor) { x.RandomInPlace() }, torch.Uint8, 8),
	"random__f32":      inPlace(func(x *torch.Tensor) { x.RandomInPlace() }, torch.Float32, 4),
	"random__i64_to_7": inPlace(func(x *torch.Tensor) { x.RandomToInPlace(7) }, torch.Int64, 9),

	"bernoulli__0.3_40": filled(func(x *torch.Tensor) { x.BernoulliInPlace(torch.BernoulliInPlaceOptions{P: new(0.3)}) }, 40),
	"dropout_0.5_2x3x4": dropout(torch.Dropout, 0.5, 2, 3, 4), "dropout_0.2_100": dropout(torch.Dropout, 0.2, 100),
	"dropout1d_0.3": dropout(torch.FeatureDropout, 0.3, 2, 5, 3), "dropout2d_0.5": dropout(torch.FeatureDropout, 0.5, 2, 4, 2, 2),
	"dropout3d_0.5": dropout(torch.FeatureDropout, 0.5, 2, 3, 2, 1, 1),
	"dropout_p0":    dropout(torch.Dropout, 0, 3), "dropout_p1": dropout(torch.Dropout, 1, 3),
	// The kit called it without training, where it draws nothing.
	"alpha_dropout_0.2": func() *torch.Tensor { return torch.AlphaDropout(torch.Linspace(-1, 1, 12), 0.2, false) },

	"bernoulli_tensor": func() *torch.Tensor { return torch.Linspace(0, 1, 21).Bernoulli() },
	"exponential_": filled(func(x *torch.Tensor) {
		x.ExponentialInPlace(torch.ExponentialInPlaceOptions{Lambd: new(1.5)})
	}, 10),
	"multinomial_repl": func() *torch.Tensor {
		return torch.FromSlice([]float32{0.1, 0.2, 0.3, 0.4}).Multinomial(12, torch.MultinomialOptions{Replacement: true})
	},
	"multinomial_norepl": func() *torch.Tensor {
		return torch.FromSlice([]float32{1, 2, 3, 4, 4, 3, 2, 1}, 2, 4).Multinomial(3)
	},
	"cauchy_": filled(func(x *torch.Tensor) { x.CauchyInPlace() }, 5),
	"log_normal_": filled(func(x *torch.Tensor) {
		x.LogNormalInPlace(torch.LogNormalInPlaceOptions{Mean: new(0.1), Std: new(0.4)})
	}, 5),
	"geometric_": filled(func(x *torch.Tensor) { x.GeometricInPlace(0.3) }, 6),
	"poisson":    func() *torch.Tensor { return torch.FromSlice([]float32{0.5, 3, 20}).Poisson() },
	"gamma":      func() *torch.Tensor { return torch.FromSlice([]float32{0.5, 1, 4}).StandardGamma() },

	"uniform_":                    filled(func(x *torch.Tensor) { initializer.Uniform(x, -0.2, 0.3) }, 3, 5),
	"normal_0_0.02":               filled(func(x *torch.Tensor) { initializer.Normal(x, 0, 0.02) }, 4, 3, 4, 4),
	"normal_1_0.02":               filled(func(x *torch.Tensor) { initializer.Normal(x, 1, 0.02) }, 8),
	"xavier_uniform_":             filled(func(x *torch.Tensor) { initializer.XavierUniform(x, 1) }, 4, 6),
	"xavier_uniform_conv_gain":    filled(func(x *torch.Tensor) { initializer.XavierUniform(x, initializer.Gain(initializer.ReLU, 0)) }, 4, 3, 3, 3),
	"xavier_normal_":              filled(func(x *torch.Tensor) { initializer.XavierNormal(x, 1) }, 4, 6),
	"xavier_normal_conv_gain0.02": filled(func(x *torch.Tensor) { initializer.XavierNormal(x, 0.02) }, 4, 3, 4, 4),
	"kaiming_uniform_default":     filled(func(x *torch.Tensor) { initializer.KaimingUniform(x, 0) }, 5, 4),
	"kaiming_uniform_a_sqrt5":     filled(func(x *torch.Tensor) { initializer.KaimingUniform(x, math.Sqrt(5)) }, 5, 4),
	"kaiming_normal_fan_in":       filled(func(x *torch.Tensor) { initializer.KaimingNormal(x, 0, initializer.FanIn, initializer.LeakyReLU) }, 4, 3, 3, 3),
	"kaiming_normal_fan_out_relu": filled(func(x *torch.Tensor) { initializer.KaimingNormal(x, 0, initializer.FanOut, initializer.ReLU) }, 4, 3, 3, 3),
	"kaiming_normal_leaky0.2":     filled(func(x *torch.Tensor) { initializer.KaimingNormal(x, 0.2, initializer.FanIn, initializer.LeakyReLU) }, 4, 6),
	"trunc_normal_":               filled(func(x *torch.Tensor) { initializer.TruncNormal(x, 0, 0.02, -2, 2) }, 6, 6),
	"trunc_normal_narrow":         filled(func(x *torch.Tensor) { initializer.TruncNormal(x, 0.5, 1, -0.3, 1.1) }, 40),
	"sparse_":                     filled(func(x *torch.Tensor) { initializer.Sparse(x, 0.5, 0.01) }, 6, 4),

	"orthogonal_4x4":       filled(func(x *torch.Tensor) { initializer.Orthogonal(x, 1) }, 4, 4),
	"orthogonal_3x6":       filled(func(x *torch.Tensor) { initializer.Orthogonal(x, 1) }, 3, 6),
	"orthogonal_6x3":       filled(func(x *torch.Tensor) { initializer.Orthogonal(x, 1) }, 6, 3),
	"orthogonal_conv_gain": filled(func(x *torch.Tensor) { initializer.Orthogonal(x, math.Sqrt2) }, 4, 3, 2, 2),
}

// dcganInit builds DCGAN's smallest generator, overwrites its default weights and makes one pass in training mode.
func dcganInit(t *testing.T, c *randomCase) {
	torch.ManualSeed(5)
	w0, w3 := torch.Empty([]int{6, 8, 4, 4}), torch.Empty([]int{8, 3, 4, 4})
	initializer.LinearDefaults(w0, nil)
	initializer.LinearDefaults(w3, nil)
	scale, shift := torch.Ones([]int{8}), torch.Zeros([]int{8})
	mean, variance := torch.Zeros([]int{8}), torch.Ones([]int{8})

	initializer.Normal(w0, 0, 0.02)
	initializer.Normal(scale, 1, 0.02)
	initializer.Normal(w3, 0, 0.02)
	z := torch.Randn([]int{2, 6, 1, 1})
	h := torch.ConvTranspose2d(z, w0)
	h = torch.BatchNorm(h, scale, shift, mean, variance, true, 0.1, 1e-5, true).ReLU()
	out := torch.ConvTranspose2d(h, w3, torch.ConvTranspose2dOptions{Stride: []int{2}, Padding: []int{1}}).Tanh()
	for name, x := range map[string]*torch.Tensor{
		"0.weight": w0, "1.weight": scale, "1.bias": shift, "1.running_mean": mean, "1.running_var": variance,
		"1.num_batches_tracked": torch.Of(int64(1)), "3.weight": w3, "z": z, "out": out, "state.1.running_mean": mean,
	} {
		c.compare(t, name, x)
	}
}

func forkAndSeparateGenerator(t *testing.T, c *randomCase) {
	torch.ManualSeed(1)
	c.compare(t, "a", torch.Randn([]int{2}))
	torch.ForkRNG(func() {
		torch.ManualSeed(2)
		c.compare(t, "inside", torch.Randn([]int{2}))
	})
	c.compare(t, "b", torch.Randn([]int{2}))
	g := torch.NewGenerator(torch.Device{}).ManualSeed(1)
	c.compare(t, "separate", torch.Randn([]int{2}, torch.RandnOptions{Generator: g}))
	c.compare(t, "c", torch.Randn([]int{2}))
}

func stateSaveRestore(t *testing.T, c *randomCase) {
	g := torch.DefaultGenerator(torch.Device{})
	torch.ManualSeed(42)
	torch.Randn([]int{3})
	state := g.State()
	c.compareState(t, "state", g)
	for range 2 { // the second time from the saved state
		c.compare(t, "next_randn_2", torch.Randn([]int{2}))
		c.compare(t, "next_randn_20", torch.Randn([]int{20}))
		c.compare(t, "next_rand_3", torch.Rand([]int{3}))
		g.SetState(state)
	}

	own := torch.NewGenerator(torch.Device{}).ManualSeed(7)
	torch.Rand([]int{5}, torch.RandOptions{Generator: own})
	torch.Randn([]int{1}, torch.RandnOptions{Generator: own})
	c.compareState(t, "gen.state", own)
	c.compare(t, "gen.randn_3", torch.Randn([]int{3}, torch.RandnOptions{Generator: own}))
	c.compare(t, "gen.randperm_8", torch.RandPerm(8, torch.RandPermOptions{Generator: own}))
	c.compare(t, "default_initial_seed", torch.Of(torch.NewGenerator(torch.Device{}).InitialSeed()))
	c.compare(t, "initial_seed_9", torch.Of(torch.NewGenerator(torch.Device{}).ManualSeed(9).InitialSeed()))
}

// samplers draws the orders in which PyTorch's samplers visit a data set.
func samplers(t *testing.T, c *randomCase) {
	seeded := func(seed int64) *torch.Generator { return torch.NewGenerator(torch.Device{}).ManualSeed(seed) }
	permutation := func(n int, g *torch.Generator) *torch.Tensor {
		return torch.RandPerm(n, torch.RandPermOptions{Generator: g})
	}
	g := seeded(3)
	c.compare(t, "random_sampler", permutation(17, g))
	permutation(17, g) // RandomSampler draws one more, of which it takes the first n mod n
	c.compare(t, "second_epoch", permutation(17, g))

	split := permutation(10, seeded(3))
	c.compare(t, "split_a", split.At(torch.Range{End: new(7)}))
	c.compare(t, "split_b", split.At(torch.Range{Start: 7}))

	weights := torch.FromSlice([]float64{0.1, 0.9, 0.4, 0.7})
	c.compare(t, "weighted", weights.Multinomial(8, torch.MultinomialOptions{Replacement: true, Generator: seeded(4)}))

	order := permutation(11, seeded(0+2)) // seed 0, epoch 2
	padded := torch.Cat([]*torch.Tensor{order, order.At(torch.Range{End: new(1)})})
	c.compare(t, "distributed_rank1of3_epoch2", padded.At(torch.Range{Start: 1, Step: 3}))

	torch.ManualSeed(0)
	draw := func() int64 {
		return torch.Values[int64](torch.Empty(nil, torch.EmptyOptions{TensorOptions: of(torch.Int64)}).RandomInPlace())[0]
	}
	draw() // the loader's base seed for its workers
	c.compare(t, "dataloader_order_seed0", permutation(9, seeded(draw())))
}
