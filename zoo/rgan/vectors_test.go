package rgan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The numbers are those of takuhirok/rGAN in float64, PyTorch 2.11, three updates of networks that zootest.Fill fills: the
// losses of an update's last step of D and of its step of G, then weights of G.
func TestThreeUpdatesGiveTheOfficialNumbers(t *testing.T) {
	torchtest.Native(t)
	defer torch.SetThreads(torch.Threads())
	torch.SetThreads(1) // small tensors
	sn := Config{Spectral: true, Pool: "sum", Loss: "hinge", Lambda: new(0.0)}
	rc := sn
	rc.D = "projection"
	for _, test := range []struct {
		name    string
		config  Config
		noisy   bool
		updates [3]map[string]float64
		weights [3]float64
	}{
		{"rAC, hinge", sn, true, [3]map[string]float64{
			{"D": 13.443905857, "D/class": 2.372605141},
			{"D": 1.652813318, "D/class": 2.225137333, "G": -8.779746376, "G/class": 0.242293699},
			{"D": 2.229706616, "D/class": 2.384430660, "G": 3.266128828, "G/class": 0.214764752},
		}, [3]float64{0.0000461856, 0.0805337342, 4.1007522237}},
		{"rAC, WGAN-GP", Config{}, true, [3]map[string]float64{
			{"D": -29.870319103, "D/class": 2.995732074, "D/penalty": 3566.276022176},
			{"D": -61.250622981, "D/class": 2.396872861, "D/penalty": 6462.319041463, "G": 74.446473494, "G/class": 13.354620747},
			{"D": -17.585590703, "D/class": 2.995732074, "D/penalty": 1572.855457625, "G": 78.429623253, "G/class": 0.772899886},
		}, [3]float64{0.0000452294, 0.0813677981, 4.1048040092}},
		{"rc, hinge", rc, true, [3]map[string]float64{
			{"D": 6.714074696},
			{"D": 0.906198965, "G": 0.811180777},
			{"D": 4.235860288, "G": 1.703364355},
		}, [3]float64{0.0000368314, 0.0805620048, 4.1038651059}},
		{"AC, WGAN-GP", Config{}, false, [3]map[string]float64{
			{"D": -39.436811755, "D/class": 39.058829620, "D/penalty": 3952.990101286},
			{"D": -46.770096308, "D/class": 11.440037776, "D/penalty": 7814.125077133, "G": 76.435690779, "G/class": 12.195124604},
			{"D": -6.195916462, "D/class": 40.338867893, "D/penalty": 2226.856868161, "G": 74.216491044, "G/class": 3.930487135},
		}, [3]float64{-0.0001717014, 0.0809171560, 4.0917234277}},
	} {
		t.Run(test.name, func(t *testing.T) {
			torch.Scope(func() {
				test.config.Width, test.config.DWidth = 16, 16
				m, err := New(test.config)
				require.NoError(t, err)
				zootest.Fill(m.G)
				zootest.Fill(m.D)
				s := script{noisy: test.noisy}
				if test.noisy {
					m.transition = symmetric(0.5)
				}
				for update, want := range test.updates {
					got := s.update(m, update)
					require.Len(t, got, len(want))
					for name, w := range want {
						tolerance := 1e-8 * max(1, w, -w)
						if update > 0 && test.config.Lambda == nil {
							tolerance *= 1000 // a penalty's trajectory is stiff
						}
						require.InDelta(t, w, got[name], tolerance, "%s of update %d", name, update)
					}
				}
				state := map[string]*torch.Tensor{}
				for _, e := range nn.StateDict(m.G) {
					state[e.Name] = e.Tensor
				}
				for i, name := range []string{"linear1.linear.weight", "conv5.conv.weight", "norm5.running_mean"} {
					require.InDelta(t, test.weights[i], torch.Values[float64](state[name].Detach())[0], 1e-6, name)
				}
			})
		})
	}
}

// symmetric is the transition matrix of 10 classes in float64.
func symmetric(rate float64) *torch.Tensor {
	p := make([]float64, 100)
	for i := range p {
		p[i] = rate / 10
		if i%11 == 0 {
			p[i] += 1 - rate
		}
	}
	return torch.FromSlice(p, 10, 10)
}

// script stands for everything random: the q-th latents are a wave, as is the k-th batch, whose labels go round, and the clean
// class is the one after the label.
type script struct {
	noisy            bool
	batches, latents int
	labels           []int64 // of the last batch
}

// update makes one in the official order.
func (s *script) update(m *Model, update int) map[string]float64 {
	losses := map[string]float64{}
	tell := func(values []train.Value) {
		for _, v := range values {
			losses[v.Name] = v.Value.Item()
		}
	}
	if update > 0 {
		b := train.NewBatch(map[string]*torch.Tensor{"label": torch.FromSlice(s.labels)})
		tell(m.generatorStep(b, s.draws(append(s.labels, s.labels...))))
		m.decay[0].Scheduler.Step()
	}
	for range m.config.Critic {
		k := s.batches
		s.batches++
		s.labels = make([]int64, 4)
		for b := range s.labels {
			s.labels[b] = int64((b + k) % 10)
		}
		x := zootest.Wave(0.9, 0.013, 0.7*float64(k), 4, 3, 32, 32)
		b := train.NewBatch(map[string]*torch.Tensor{"image": x, "label": torch.FromSlice(s.labels)})
		tell(m.discriminatorStep(b, asIs, s.draws(s.labels)))
	}
	m.decay[1].Scheduler.Step()
	return losses
}

func (s *script) draws(noisy []int64) draws {
	s.latents++
	clean := make([]int64, len(noisy))
	for i, y := range noisy {
		clean[i] = y
		if s.noisy {
			clean[i] = (y + 1) % 10
		}
	}
	return draws{
		z:     zootest.Wave(1, 0.11, 0.5*float64(s.latents), len(noisy), 128),
		clean: torch.FromSlice(clean), alpha: torch.FromSlice([]float64{0.3, 0.3, 0.3, 0.3}),
	}
}
