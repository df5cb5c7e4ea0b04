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
	"github.com/forgergan/forger/torch/data"
)

// CachedMoments are those of CollectData, kept in the cache folder, under features/moments/<key>.safetensors. The key is
// a hash of the network's protocol, which names its weights, of every value of the set and of n and seed, so that they
// are never those of other pictures: to have them costs reading the set, but not passing it through the network.
func CachedMoments(ctx context.Context, net Network, set data.Dataset, n int, seed uint64) (*Moments, error) {
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
	protocol := net.Protocol("moments", Sampling{})
	key := sha256.Sum256(fmt.Appendf(nil, "moments 2\n%s\n%s\n%d of %d, seed %d", protocol, content, n, set.Len(), seed))
	path := filepath.Join(cache, "features", "moments", hex.EncodeToString(key[:8])+".safetensors")
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
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return s.Moments, s.Moments.Save(path, protocol)
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
