package metrics

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/npy"
	"github.com/forgergan/forger/torch/nn"
)

// Save writes moments as statistics of a real set, so that it is measured once: mu (D) and sigma (D, D) in float64 and
// their count. A file that ends in .npz is one that pytorch-fid, clean-fid and others read; any other is safetensors and
// also holds protocol, what the features depend on. The error tells fewer than two vectors and a file that cannot be
// written.
func (m *Moments) Save(path, protocol string) error {
	return scoped(func() error {
		sigma, err := m.Covariance()
		if err != nil {
			return err
		}
		if filepath.Ext(path) != ".npz" {
			state := []nn.Entry{{Name: "mu", Tensor: m.mean}, {Name: "sigma", Tensor: sigma}}
			return checkpoint.Save(path, checkpoint.FromState(state), map[string]string{"n": strconv.Itoa(m.n), "protocol": protocol})
		}
		array := func(x *torch.Tensor) npy.Array {
			values := torch.Values[float64](x)
			raw, err := binary.Append(nil, binary.LittleEndian, values)
			if err != nil {
				panic(err) // a slice of float64 has a size
			}
			return npy.Array{DType: torch.Float64, Shape: x.Shape(), Data: raw}
		}
		return npy.WriteZip(path, map[string]npy.Array{
			"mu": array(m.mean), "sigma": array(sigma), "n": array(torch.Of(float64(m.n))),
		})
	})
}

// LoadMoments reads statistics that Save wrote, or the .npz of mu and sigma that other tools and papers hand out, and
// their protocol, "" where the file states none. Where it states no count, N is 0; no vectors can be added to moments
// from a file. The error tells a file that cannot be read, and other arrays in it.
func LoadMoments(path string) (m *Moments, protocol string, err error) {
	err = scoped(func() error {
		var mu, sigma *torch.Tensor
		n := 0
		if filepath.Ext(path) == ".npz" {
			arrays, err := npy.ReadZip(path, "mu", "sigma")
			if err != nil {
				return err
			}
			mu, sigma = arrays["mu"].Tensor(), arrays["sigma"].Tensor()
			if count, err := npy.ReadZip(path, "n"); err == nil { // ours; others do not have it
				n = int(count["n"].Tensor().Item())
			}
		} else {
			f, err := checkpoint.Open(path)
			if err != nil {
				return err
			}
			protocol = f.Metadata()["protocol"]
			n, _ = strconv.Atoi(f.Metadata()["n"])
			f.Close()
			state, err := checkpoint.Load(path)
			if err != nil {
				return err
			}
			for _, e := range state {
				switch e.Name {
				case "mu":
					mu = e.Tensor
				case "sigma":
					sigma = e.Tensor
				}
			}
			if mu == nil || sigma == nil {
				return fmt.Errorf("%s holds no statistics: it lacks mu or sigma", path)
			}
		}
		if mu.Dim() != 1 || sigma.Dim() != 2 || sigma.Size(0) != mu.Size(0) || sigma.Size(1) != mu.Size(0) {
			return fmt.Errorf("%s holds no statistics: mu %v and sigma %v are not (D) and (D, D)", path, mu.Shape(), sigma.Shape())
		}
		m = &Moments{n: n, fixed: true, mean: mu.ToDType(torch.Float64).Own(), scatter: sigma.ToDType(torch.Float64).Own()}
		return nil
	})
	return m, protocol, err
}
