package nn

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
)

// Dims is a size along each spatial dimension: an int for all of them alike, or a []int with one for each (depth, then
// height, then width). Where it is nil the default holds. What takes it panics with a *torch.Error if it is anything else.
type Dims any

// along writes d out as n numbers; other stands for nil.
func along(what string, d Dims, n, other int) []int {
	switch v := d.(type) {
	case nil:
		return slices.Repeat([]int{other}, n)
	case int:
		return slices.Repeat([]int{v}, n)
	case []int:
		if len(v) == n {
			return slices.Clone(v)
		}
	}
	panic(refusal("%s %v is neither a whole number nor a []int of %d", what, d, n))
}

// refusal is the panic of a constructor that cannot build what it is asked for.
func refusal(format string, a ...any) *torch.Error {
	return &torch.Error{Op: "nn", Code: torch.ValueError, Msg: fmt.Sprintf(format, a...)}
}

// wants panics unless x has one of the numbers of dimensions that a layer takes.
func wants(layer, shape string, x *torch.Tensor, dims ...int) {
	if !slices.Contains(dims, x.Dim()) {
		panic(refusal("%s takes %s, not %v", layer, shape, x.Shape()))
	}
}

// otherwise is v, or other where it is not set.
func otherwise(v, other float64) float64 {
	if v == 0 {
		return other
	}
	return v
}

// only is the one element of a variadic options parameter, or the zero value.
func only[T any](o []T) (v T) {
	if len(o) > 0 {
		v = o[0]
	}
	return v
}
