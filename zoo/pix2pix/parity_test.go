package pix2pix

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of junyanz/pytorch-CycleGAN-and-pix2pix at commit 00d5574; its networks are compared in
// gan/translation, its losses in gan.
func TestParity(t *testing.T) {
	parity.Run(t, "pix2pix/trace_pix2pix*", func(t *testing.T, c *parity.Case) {
		require.Equal(t, "Pix2PixModel.optimize_parameters", c.Meta.Class)
		require.Equal(t, json.RawMessage(`"UnetGenerator(3,3,num_downs=5,ngf=4,batch)"`), c.Meta.Constructor["G"])
		require.Equal(t, json.RawMessage(`"NLayerDiscriminator(6,ndf=4,n_layers=3,batch)"`), c.Meta.Constructor["D"])
		config := Config{Size: 32, Downs: 5, Width: 4, DWidth: 4, NoDropout: true, L1: new(0.0)}
		c.Setting("gan_mode", &config.Loss)
		c.Setting("lambda_L1", config.L1)
		c.Setting("lr", &config.LR)
		m, err := New(config)
		require.NoError(t, err)
		c.Load(m.G, "G.")
		c.Load(m.D, "D.")
		batch := train.NewBatch(map[string]*torch.Tensor{"A": c.Inputs["A"], "B": c.Inputs["B"]})
		official := map[string]string{"D/fake": "loss_D_fake", "D/real": "loss_D_real", "G/GAN": "loss_G_GAN", "G/L1": "loss_G_L1"}
		for step := 0; c.Outputs[fmt.Sprintf("step%d.fake_B", step)] != nil; step++ {
			metrics, made := m.update(batch)
			require.Len(t, metrics.Losses, len(official))
			for _, l := range metrics.Losses {
				c.Check(fmt.Sprintf("step%d.%s", step, official[l.Name]), l.Value)
			}
			c.Check(fmt.Sprintf("step%d.fake_B", step), made[0])
		}
		for _, n := range m.Parts().Networks {
			for _, e := range nn.StateDict(n.Module) {
				if name := "final." + n.Name + "." + e.Name; c.Outputs[name] != nil { // the repository has D's alone
					c.Check(name, e.Tensor)
				}
			}
		}
	})
}

// Those of other settings are compared in gan/translation.
func TestParameterCountsOfThePaperAreTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		torch.Scope(func() {
			m, err := New(Presets["paper"])
			require.NoError(t, err)
			require.Equal(t, 54413955, nn.NumParameters(m.G))
			require.Equal(t, 2768705, nn.NumParameters(m.D))
		})
	})
}
