package cyclegan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of junyanz/pytorch-CycleGAN-and-pix2pix at commit 00d5574: three steps.
func TestParity(t *testing.T) {
	parity.Run(t, "pix2pix/trace_cyclegan", func(t *testing.T, c *parity.Case) {
		m, err := New(Config{Size: 32, Load: 32, Blocks: 6, Width: 4, DWidth: 4, Pool: new(0)})
		require.NoError(t, err)
		for _, n := range m.Parts().Networks {
			c.Load(n.Module, n.Name+".")
		}
		batch := train.NewBatch(map[string]*torch.Tensor{"A": c.Inputs["A"], "B": c.Inputs["B"]})
		var inB, inA []*torch.Tensor
		for step := range 3 {
			var losses []train.Value
			losses, inB, inA = m.stepG(batch)
			losses = append(losses, m.stepD(batch, inB, inA).Losses...)
			require.Len(t, losses, 8)
			for _, l := range losses {
				c.Check(fmt.Sprintf("step%d.loss_%s", step, l.Name), l.Value)
			}
		}
		c.Check("step2.fake_B", inB[0])
		c.Check("step2.fake_A", inA[0])
		for _, n := range m.Parts().Networks {
			for _, e := range nn.StateDict(n.Module) {
				c.Check("final."+n.Name+"."+e.Name, e.Tensor)
			}
		}
		checkNames(t, m, c.Meta.KeyOrder)
	})
}

// checkNames saves the networks as the official program names them and reads them back.
func checkNames(t *testing.T, m *Model, official []string) {
	other, err := New(m.config)
	require.NoError(t, err)
	require.Equal(t, official, zootest.LoadsBack(t, m, other))
}

func TestParameterCountsAreTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset string
			g      int
		}{{"horse2zebra", 11378179}, {"128", 7837699}} {
			m, err := New(Presets[test.preset])
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.GA), test.preset)
			require.Equal(t, test.g, nn.NumParameters(m.GB), test.preset)
			require.Equal(t, 2764737, nn.NumParameters(m.DA), test.preset)
			require.Equal(t, 2764737, nn.NumParameters(m.DB), test.preset)
		}
	})
}
