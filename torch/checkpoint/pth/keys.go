package pth

import (
	"fmt"
	"math"
	"slices"
)

// setItems puts keys and values, in turn, into the dictionary on top.
func (m *machine) setItems(items []any) {
	d, ok := m.top().(*Dict)
	if !ok {
		refuse("the pickle puts keys into %s as into a dictionary", kind(m.top()))
	}
	if len(items)%2 != 0 {
		refuse("the pickle has a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		m.set(d, items[i], items[i+1])
	}
}

// set puts a key with its value into d, or in place of an equal key.
func (m *machine) set(d *Dict, key, value any) {
	h := m.hash(key)
	i := len(d.Items)
	if index := m.indexOf(d); index == nil {
		for k := range d.Items {
			if m.hash(d.Items[k].Key) == h {
				i = k
			}
		}
	} else if k, ok := index[h]; ok {
		i = k
	} else {
		index[h] = i
	}
	if i < len(d.Items) {
		d.Items[i].Value = value
		return
	}
	d.Items = append(d.Items, Item{key, value})
}

// indexOf is where in its items each key of a dictionary is; nil for a small one, which is searched sooner, and of which
// there may be millions.
func (m *machine) indexOf(d *Dict) map[any]int {
	const small = 8
	index := m.keys[d]
	if index == nil && len(d.Items) >= small {
		index = map[any]int{}
		for i := range d.Items {
			index[m.hash(d.Items[i].Key)] = i
		}
		m.keys[d] = index
	}
	return index
}

func (m *machine) addAll(set *Set, items []any) {
	for _, x := range items {
		m.hash(x)
		set.Items = append(set.Items, x)
	}
}

// tupleKey stands for a tuple, bytesKey for bytes.
type tupleKey string
type bytesKey string

// hash is what Go may use as a key of a map in place of a Python value; equal for values that are equal in Python.
func (m *machine) hash(key any) any {
	switch k := key.(type) {
	case string:
		if len(k) > maxKeyBytes {
			refuse("a dictionary has a key of %d bytes, the limit is %d", len(k), maxKeyBytes)
		}
		m.spend(len(k) / 64)
		return k
	case Bytes:
		if m.storage == nil && len(k) <= maxKeyBytes { // a tensor file has none, and Save writes none
			return bytesKey(k)
		}
	case nil, int64:
		return k
	case bool:
		if k {
			return int64(1)
		}
		return int64(0)
	case float64:
		if k == math.Trunc(k) && math.Abs(k) < 1<<62 {
			return int64(k)
		}
		return k
	case Tuple:
		if len(k) > maxKeyItems {
			refuse("a dictionary has a key of %d parts, the limit is %d", len(k), maxKeyItems)
		}
		text := ""
		for _, x := range k {
			if _, nested := x.(Tuple); nested {
				refuse("a dictionary has a nested tuple as a key")
			}
			text += fmt.Sprintf("%T %#[1]v,", m.hash(x))
		}
		return tupleKey(text)
	}
	refuse("the pickle has %s as a key of a dictionary or set", kind(key))
	return nil
}

// isKey reports whether Save takes a value as a key or in a set: what hash takes.
func isKey(v any) bool {
	switch v := v.(type) {
	case nil, string, int, int64, bool, float64:
		return true
	case Tuple:
		return !slices.ContainsFunc(v, func(x any) bool {
			_, nested := x.(Tuple)
			return nested || !isKey(x)
		})
	}
	return false
}
