package pth

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/forgergan/forger/torch"
)

// Limits of a tree. In a file, places may share a value; a walk visits it at each of them.
const (
	maxDepth = 100
	maxNodes = 1 << 24
	// The tensors together may be larger than their storages, because they overlap, but only so much.
	maxOverlap = 32
	overlapMin = 256 << 20
)

// extent is how large a tree is when every shared part is counted at each of its places.
type extent struct{ depth, nodes, bytes int }

// checker checks that a tree can be walked: it is finite, not too deep and not too large, and made of known values.
type checker struct {
	seen     map[any]extent // by *List, *Dict and first item of a Tuple
	bytes    int            // of all storages
	storages map[*Storage]bool
}

func checkTree(v any) error {
	c := &checker{seen: map[any]extent{}, storages: map[*Storage]bool{}}
	e, err := c.extent(v, 0)
	if err != nil {
		return err
	}
	if limit := max(c.bytes, overlapMin/maxOverlap) * maxOverlap; e.bytes > limit {
		return fmt.Errorf("tensors have %d bytes together, but their storages have %d: the limit is %d times that", e.bytes, c.bytes, maxOverlap)
	}
	return nil
}

func (c *checker) extent(v any, depth int) (extent, error) {
	if depth > maxDepth {
		return extent{}, fmt.Errorf("values lie in each other more than %d deep, or one contains itself", maxDepth)
	}
	var id any
	var items []any
	switch v := v.(type) {
	case nil, bool, int, int64, *big.Int, float64, complex128, string, Bytes, ByteArray, Size, Device, torch.DType, *Set, *Array:
		return extent{nodes: 1}, nil
	case *Tensor:
		return c.tensor(v)
	case *torch.Tensor: // in a tree to be saved
		return extent{nodes: 1}, nil
	case []any:
		return c.extent(Tuple(v), depth)
	case Tuple:
		if len(v) == 0 {
			return extent{nodes: 1}, nil
		}
		id, items = &v[0], v
	case *List:
		id, items = v, v.Items
	case *Dict:
		id, items = v, make([]any, 0, len(v.Items)+1)
		for _, item := range v.Items {
			items = append(items, item.Value)
		}
		if v.Metadata != nil {
			items = append(items, v.Metadata)
		}
	default:
		return extent{}, fmt.Errorf("a .pth file cannot hold %s", kind(v))
	}
	e, known := c.seen[id]
	if !known {
		e.nodes = 1
		for _, x := range items {
			inner, err := c.extent(x, depth+1)
			if err != nil {
				return e, err
			}
			e.depth = max(e.depth, inner.depth+1)
			e.nodes += inner.nodes
			e.bytes += inner.bytes
			if e.nodes > maxNodes || e.bytes < 0 { // the sum of two that are not negative
				return e, fmt.Errorf("there are more than %d values when shared lists are written out", maxNodes)
			}
		}
		c.seen[id] = e
	}
	if depth+e.depth > maxDepth {
		return e, fmt.Errorf("values lie in each other more than %d deep", maxDepth)
	}
	return e, nil
}

func (c *checker) tensor(t *Tensor) (extent, error) {
	if t.Storage == nil {
		return extent{}, errors.New("a tensor has no storage")
	}
	if !c.storages[t.Storage] {
		c.storages[t.Storage] = true
		c.bytes += t.Storage.size
	}
	n, err := t.numel()
	if err != nil {
		return extent{}, fmt.Errorf("a tensor %w", err)
	}
	return extent{nodes: 1, bytes: n * t.DType.Size()}, nil
}
