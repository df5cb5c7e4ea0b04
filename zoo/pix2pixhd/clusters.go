package pix2pixhd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// Clusters are the looks that the instances of a label can have: centres of the features that the encoder gave for a set of
// pictures. Wang et al. 2018, §3.4; official encode_features.py.
type Clusters struct {
	centres map[int64][][]float32 // by label: some vectors of FeatureChannels
}

// labelOf is the label of an instance: instances are numbered label·1000 + number, and what has no instances has its label.
func labelOf(instance int64) int64 {
	if instance < 1000 {
		return instance
	}
	return instance / 1000
}

// NewClusters encodes each item of a set and divides the features of each label's instances, by their means, into at most k
// clusters, 10 in the paper. An instance of less than 1/64 of a picture does not count. The error is that of the set, of ctx,
// or says that the model has no encoder.
func NewClusters(ctx context.Context, m *Model, set data.Dataset, k int) (*Clusters, error) {
	if m.E == nil {
		return nil, errNoFeatures
	}
	features := map[int64][][]float64{}
	for i := range set.Len() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := m.encode(set, i, features); err != nil {
			return nil, err
		}
	}
	c := &Clusters{map[int64][][]float32{}}
	for label, points := range features {
		c.centres[label] = kMeans(points, k)
	}
	return c, nil
}

var errNoFeatures = errors.New("pix2pixhd: clusters are of features: the model was trained with --features none")

// file is where the clusters of a run lie.
func file(run string) string { return filepath.Join(run, "clusters.safetensors") }

// Cluster writes the clusters of a set into the folder of a run, for Load, and uses them.
func (m *Model) Cluster(ctx context.Context, run string, set data.Dataset, k int) (string, error) {
	c, err := NewClusters(ctx, m, set, k)
	if err != nil {
		return "", err
	}
	if err := c.Save(file(run)); err != nil {
		return "", err
	}
	m.clusters = c
	n := 0
	for _, centres := range c.centres {
		n += len(centres)
	}
	return fmt.Sprintf("%d clusters of %d labels in %s", n, len(c.centres), file(run)), nil
}

// ReadClusters uses the clusters in the folder of a run, where there are some.
func (m *Model) ReadClusters(run string) error {
	if _, err := os.Stat(file(run)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c, err := LoadClusters(file(run))
	if err != nil {
		return err
	}
	if err := m.UseClusters(c); err != nil {
		return fmt.Errorf("%s: %w", file(run), err)
	}
	return nil
}

// encode adds the features of the instances of an item to those of their labels.
func (m *Model) encode(set data.Dataset, item int, features map[int64][][]float64) (err error) {
	torch.Scope(func() {
		var b *train.Batch
		if b, err = train.Items(set, item, 1, m.device()); err != nil {
			return
		}
		areas := m.areas(b)
		var encoded *torch.Tensor
		torch.NoGrad(func() { encoded = m.E.Forward(field(b, "image"), areas) })
		ids, values := torch.Values[int64](areas), torch.Values[float32](encoded.Contiguous())
		count, first := map[int64]int{}, map[int64]int{}
		for at, id := range ids {
			if count[id]++; count[id] == 1 {
				first[id] = at
			}
		}
		for _, id := range slices.Sorted(maps.Keys(count)) {
			if 64*count[id] <= len(ids) { // half of a 32nd part
				continue
			}
			var v []float64
			for channel := range m.config.FeatureChannels {
				v = append(v, float64(values[channel*len(ids)+first[id]]))
			}
			features[labelOf(id)] = append(features[labelOf(id)], v)
		}
	})
	return err
}

func (m *Model) device() torch.Device { return m.optD.Params()[0].Device() }

// UseClusters lets Translate draw the look of each instance from clusters. They must be of as many channels as the model's
// features.
func (m *Model) UseClusters(c *Clusters) error {
	if m.E == nil {
		return errNoFeatures
	}
	for label, centres := range c.centres {
		if n := len(centres[0]); n != m.config.FeatureChannels {
			return fmt.Errorf("pix2pixhd: the clusters of label %d have %d channels, the model's features %d", label, n, m.config.FeatureChannels)
		}
	}
	m.clusters = c
	return nil
}

// draw is a feature map (N, channels, H, W) of areas (N, H, W): each instance has a cluster of its label drawn from the
// default generator, zeros where the label has none.
func (c *Clusters) draw(areas *torch.Tensor, channels int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, h, w := areas.Size(0), areas.Size(1), areas.Size(2)
		var maps []*torch.Tensor
		for i := range n {
			ids, place, _ := areas.Select(0, i).Flatten().Unique(torch.UniqueOptions{ReturnInverse: true})
			var looks []float32
			for _, id := range torch.Values[int64](ids) {
				centres := c.centres[labelOf(id)]
				if len(centres) == 0 {
					looks = append(looks, make([]float32, channels)...)
					continue
				}
				looks = append(looks, centres[torch.RandInt(0, len(centres), []int{1}).Int()]...)
			}
			table := torch.FromSlice(looks, len(looks)/channels, channels).ToDevice(areas.Device())
			maps = append(maps, table.IndexSelect(0, place).View(h, w, channels))
		}
		return torch.Stack(maps).Permute(0, 3, 1, 2)
	})
}

const clusterPrefix = "label."

// Save writes the clusters as safetensors: label.<number> is (clusters, channels), float32.
func (c *Clusters) Save(path string) (err error) {
	torch.Scope(func() {
		var state []nn.Entry
		for _, label := range slices.Sorted(maps.Keys(c.centres)) {
			centres := c.centres[label]
			t := torch.FromSlice(slices.Concat(centres...), len(centres), len(centres[0]))
			state = append(state, nn.Entry{Name: clusterPrefix + strconv.FormatInt(label, 10), Tensor: t})
		}
		err = checkpoint.Save(path, checkpoint.FromState(state), map[string]string{"forger.clusters": "pix2pixhd"})
	})
	return err
}

// LoadClusters reads what Save wrote. The error names the file and what is wrong with it.
func LoadClusters(path string) (c *Clusters, err error) {
	c = &Clusters{map[int64][][]float32{}}
	torch.Scope(func() {
		entries, e := checkpoint.Load(path)
		if err = e; err != nil {
			return
		}
		for _, entry := range entries {
			name, ok := strings.CutPrefix(entry.Name, clusterPrefix)
			label, e := strconv.ParseInt(name, 10, 64)
			if !ok || e != nil || entry.Tensor.Dim() != 2 || entry.Tensor.Numel() == 0 {
				err = fmt.Errorf("%s holds no clusters: %s %v is no label.<number> of (clusters, channels)", path, entry.Name, entry.Tensor.Shape())
				return
			}
			values := torch.Values[float32](entry.Tensor.ToDType(torch.Float32))
			for centre := range slices.Chunk(values, entry.Tensor.Size(1)) {
				c.centres[label] = append(c.centres[label], centre)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}
