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

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// CachedMoments are those of CollectData, kept in the cache folder, under features/moments/<key>.safetensors. The key is
// a hash of the network's protocol, which names its weights, of every picture of the set and of n and seed, so that they
// are never those of other pictures: to have them costs reading the set, but not passing it through the network.
func CachedMoments(ctx context.Context, net Network, set data.Dataset, n int, seed uint64) (*Moments, error) {
	if n >= set.Len() {
		n, seed = set.Len(), 0 // all of them, whatever the seed
	}
	protocol := net.Protocol("moments", Sampling{})
	path, err := cachePath(ctx, "moments", set, fmt.Sprintf("moments 3\n%s\n%d of %d, seed %d", protocol, n, set.Len(), seed))
	if err != nil {
		return nil, err
	}
	m, _, err := LoadMoments(path)
	if !errors.Is(err, os.ErrNotExist) {
		if err != nil {
			err = fmt.Errorf("%w: delete %s, it will be made again", err, path)
		}
		return m, err
	}
	s, err := CollectData(ctx, net, set, n, seed, false)
	if err != nil {
		return nil, err
	}
	return s.Moments, s.Moments.Save(path, protocol)
}

// CachedFeatures are those of all pictures of a set (N, D) on the CPU, outside every scope, kept in the cache folder as
// CachedMoments are, under features/vectors.
func CachedFeatures(ctx context.Context, net Network, set data.Dataset) (*torch.Tensor, error) {
	protocol := net.Protocol("features", Sampling{})
	path, err := cachePath(ctx, "vectors", set, "features 1\n"+protocol)
	if err != nil {
		return nil, err
	}
	f, err := loadFeatures(path)
	if !errors.Is(err, os.ErrNotExist) {
		if err != nil {
			err = fmt.Errorf("%w: delete %s, it will be made again", err, path)
		}
		return f, err
	}
	s, err := CollectData(ctx, net, set, set.Len(), 0, true)
	if err != nil {
		return nil, err
	}
	s.Logits.Free()
	state := checkpoint.FromState([]nn.Entry{{Name: "features", Tensor: s.Features}})
	return s.Features, checkpoint.Save(path, state, map[string]string{"protocol": protocol})
}

func loadFeatures(path string) (features *torch.Tensor, err error) {
	err = scoped(func() error {
		state, err := checkpoint.Load(path)
		if err != nil {
			return err
		}
		if len(state) != 1 || state[0].Name != "features" || state[0].Tensor.Dim() != 2 {
			return fmt.Errorf("%s holds no features", path)
		}
		features = state[0].Tensor.Own()
		return nil
	})
	return features, err
}

// cachePath is the file in a folder of the cache for what is made of a set in a way that key tells. The folder is there.
func cachePath(ctx context.Context, folder string, set data.Dataset, key string) (string, error) {
	cache, err := libtorch.CacheDir()
	if err != nil {
		return "", err
	}
	pictures, err := pictureHash(ctx, set)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "features", folder)
	sum := sha256.Sum256([]byte(key + "\n" + pictures))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".safetensors"), os.MkdirAll(dir, 0o777)
}

// pictureHash is a hash of all pictures of a set.
func pictureHash(ctx context.Context, set data.Dataset) (string, error) {
	h := sha256.New()
	var bytes []byte
	err := data.Each(ctx, set, set.Len(), data.LoaderOptions{Batch: 100}, func(b *data.Batch) error {
		images := b.Find("image")
		bytes = fmt.Appendf(bytes[:0], "%v\n", images.Shape)
		for _, v := range images.Float32 {
			bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
		}
		h.Write(bytes)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}
