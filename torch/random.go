package torch

import (
	"runtime"

	"github.com/forgergan/forger/torch/internal/capi"
)

// ManualSeed seeds the default generator of every device, as torch.manual_seed: the same seed
// gives the numbers that Python gives. A negative seed stands for 2⁶⁴ + seed.
func ManualSeed(seed int64) {
	f := newFrame("ManualSeed", capi.Seed)
	f.add(capi.Int, seed)
	f.run()
}

// Generator is a stream of random numbers.
type Generator struct {
	id     int64 // 0: the default generator of device
	device Device
}

// NewGenerator makes a stream of its own on a device, seeded as PyTorch seeds a new one.
func NewGenerator(d Device) *Generator {
	f := newFrame("NewGenerator", capi.GeneratorNew)
	f.device(d)
	r := f.run()
	g := &Generator{id: r.Inline[0], device: d}
	runtime.AddCleanup(g, func(id int64) {
		f := newFrame("NewGenerator", capi.GeneratorFree)
		f.add(capi.Int, id)
		f.run()
	}, g.id)
	return g
}

// DefaultGenerator is the stream that operators draw from on a device when none is given.
func DefaultGenerator(d Device) *Generator { return &Generator{device: d} }

func (g *Generator) frame(name string, op capi.Op) *frame {
	f := newFrame(name, op)
	f.generator(g)
	f.device(g.device)
	return f
}

// ManualSeed starts the stream anew from seed and returns it.
func (g *Generator) ManualSeed(seed int64) *Generator {
	f := g.frame("ManualSeed", capi.GeneratorSeed)
	f.add(capi.Int, seed)
	f.run()
	return g
}

// InitialSeed is the seed that the stream was last started from.
func (g *Generator) InitialSeed() int64 {
	r := g.frame("InitialSeed", capi.GeneratorSeedGet).run()
	return r.Inline[0]
}

// State is the position of the stream, the bytes of torch.get_rng_state().
func (g *Generator) State() []byte {
	var state []byte
	Scope(func() { state = g.frame("State", capi.GeneratorState).one().Bytes() })
	return state
}

// SetState moves the stream to a position that State gave.
func (g *Generator) SetState(state []byte) {
	Scope(func() {
		f := g.frame("SetState", capi.GeneratorStateSet)
		f.tensor(FromSlice(state))
		f.run()
	})
}

// ForkRNG runs f and then puts the CPU's default generator back where it was.
func ForkRNG(f func()) {
	g := DefaultGenerator(Device{})
	state := g.State()
	defer g.SetState(state)
	f()
}

// SkipInit runs f, in which initialisers (package nn/initializer) neither draw nor write: parameters made in it hold what
// their memory held. It is for a model whose parameters will all be loaded, as PyTorch's skip_init; for a big one they are
// most of the time that building it takes.
func SkipInit(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	set := func(on bool) bool {
		f := newFrame("SkipInit", capi.SkipInit)
		f.bool(on)
		return f.yes()
	}
	before := set(true)
	defer set(before)
	f()
}

// InitSkipped reports whether the call is inside SkipInit.
func InitSkipped() bool {
	f := newFrame("InitSkipped", capi.SkipInit)
	f.none()
	return f.yes()
}
