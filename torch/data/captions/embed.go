package captions

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// embed returns the vectors of texts, from the cache if they are there.
func embed(ctx context.Context, e Encoder, texts []string, log func(string)) ([]float32, error) {
	cache, err := libtorch.CacheDir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(cache, "text", key(e, texts)+".safetensors")
	if vectors, err := readVectors(path, len(texts), e.Size()); err == nil {
		return vectors, nil
	}
	vectors, err := encode(ctx, e, texts, log)
	if err != nil {
		return nil, err
	}
	raw, err := binary.Append(nil, binary.LittleEndian, vectors)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return vectors, checkpoint.Save(path, []checkpoint.Tensor{{
		Name: "text", DType: torch.Float32, Shape: []int{len(texts), e.Size()}, Data: raw,
	}}, map[string]string{"encoder": e.Name()})
}

// key is the name of the embeddings of texts by an encoder.
func key(e Encoder, texts []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", e.Name())
	for _, text := range texts {
		io.WriteString(h, text+"\n") // captions have no line breaks
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func readVectors(path string, n, size int) ([]float32, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		return nil, err
	}
	raw, err := f.Bytes("text")
	if err != nil {
		return nil, err
	}
	vectors := make([]float32, n*size)
	if len(raw) != 4*len(vectors) {
		return nil, fmt.Errorf("%s holds %d bytes of embeddings, not %d", path, len(raw), 4*len(vectors))
	}
	_, err = binary.Decode(raw, binary.LittleEndian, vectors)
	return vectors, err
}

// encode embeds texts, some at a time.
func encode(ctx context.Context, e Encoder, texts []string, log func(string)) ([]float32, error) {
	log(fmt.Sprintf("embedding %d captions with %s, once", len(texts), e.Name()))
	var vectors []float32
	told := time.Now()
	for part := range slices.Chunk(texts, 512) {
		got, err := e.Encode(ctx, part)
		if err != nil {
			return nil, err
		}
		if len(got) != len(part)*e.Size() {
			return nil, fmt.Errorf("the encoder %s gave %d values for %d captions of %d", e.Name(), len(got), len(part), e.Size())
		}
		vectors = append(vectors, got...)
		if time.Since(told) > 5*time.Second {
			log(fmt.Sprintf("%d of %d captions", len(vectors)/e.Size(), len(texts)))
			told = time.Now()
		}
	}
	return vectors, ctx.Err()
}
