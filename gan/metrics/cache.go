package metrics

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// CachedMoments are DataMoments that are kept in the cache folder, under features/moments/<key>.safetensors. The key is
// a hash of the classifier's weights, of every value of the set and of n and seed, so that they are never those of other
// pictures: to have them costs reading the set, but not passing it through the network.
func (c *Classifier) CachedMoments(ctx context.Context, set data.Dataset, n int, seed uint64) (*Moments, error) {
	cache, err := libtorch.CacheDir()
	if err != nil {
		return nil, err
	}
	if n >= set.Len() {
		n, seed = set.Len(), 0 // all of them, whatever the seed
	}
	content, err := dataHash(ctx, set)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "moments 1\n%s %s\n%s\n%d of %d, seed %d", c.Name, c.Hash, content, n, set.Len(), seed))
	path := filepath.Join(cache, "features", "moments", hex.EncodeToString(key[:8])+".safetensors")
	m, err := loadMoments(path)
	if !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	if m, err = c.DataMoments(ctx, set, n, seed); err != nil {
		return nil, err
	}
	return m, m.save(path)
}

// dataHash is a hash of all that a set holds.
func dataHash(ctx context.Context, set data.Dataset) (string, error) {
	h := sha256.New()
	for _, f := range set.Fields() {
		fmt.Fprintf(h, "%s %v %t\n", f.Name, f.Shape, f.Int64)
	}
	var bytes []byte
	err := eachBatch(ctx, set, data.LoaderOptions{Batch: min(100, set.Len())}, set.Len(), func(b *data.Batch) error {
		for _, a := range b.Arrays {
			bytes = bytes[:0]
			for _, v := range a.Float32 {
				bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
			}
			for _, v := range a.Int64 {
				bytes = binary.LittleEndian.AppendUint64(bytes, uint64(v))
			}
			h.Write(bytes)
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

const momentsKey = "forger.moments"

func (m *Moments) save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	tensors := checkpoint.FromState([]nn.Entry{{Name: "mean", Tensor: m.mean}, {Name: "scatter", Tensor: m.scatter}})
	return checkpoint.Save(path, tensors, map[string]string{momentsKey: strconv.Itoa(m.n)})
}

// loadMoments reads what save wrote.
func loadMoments(path string) (*Moments, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(f.Metadata()[momentsKey])
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("%s does not hold moments: delete it", path)
	}
	m := &Moments{n: n}
	err = scoped(func() error {
		state, err := checkpoint.Load(path)
		if err != nil {
			return fmt.Errorf("%w: delete the file, it will be made again", err)
		}
		for _, e := range state {
			switch e.Name {
			case "mean":
				m.mean = e.Tensor.Own()
			case "scatter":
				m.scatter = e.Tensor.Own()
			}
		}
		return nil
	})
	return m, err
}
