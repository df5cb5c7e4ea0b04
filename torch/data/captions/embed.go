package captions

import (
	"cmp"
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

// encode embeds texts in the order of their lengths, so that those of a batch are about as long.
func encode(ctx context.Context, e Encoder, texts []string, log func(string)) ([]float32, error) {
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(texts[a]), len(texts[b])) })
	vectors, size, told := make([]float32, len(texts)*e.Size()), e.Size(), time.Now()
	log(fmt.Sprintf("embedding %d captions with %s, once", len(texts), e.Name()))
	const batch = 64
	for from := 0; from < len(order); from += batch {
		rows := order[from:min(from+batch, len(order))]
		part := make([]string, len(rows))
		for k, row := range rows {
			part[k] = texts[row]
		}
		got, err := e.Encode(ctx, part)
		if err != nil {
			return nil, err
		}
		if len(got) != len(rows)*size {
			return nil, fmt.Errorf("the encoder %s gave %d values for %d captions of %d", e.Name(), len(got), len(rows), size)
		}
		for k, row := range rows {
			copy(vectors[row*size:(row+1)*size], got[k*size:(k+1)*size])
		}
		if time.Since(told) > 5*time.Second {
			log(fmt.Sprintf("%d of %d captions", from+len(rows), len(texts)))
			told = time.Now()
		}
	}
	return vectors, ctx.Err()
}
