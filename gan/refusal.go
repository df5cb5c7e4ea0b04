package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// refusal is the panic of a block that cannot do what it is asked for.
func refusal(format string, a ...any) *torch.Error {
	return &torch.Error{Op: "gan", Code: torch.ValueError, Msg: fmt.Sprintf(format, a...)}
}

// only is the one element of a variadic options parameter, or the zero value.
func only[T any](o []T) (v T) {
	if len(o) > 0 {
		v = o[0]
	}
	return v
}

// otherwise is v, or other where it is not set.
func otherwise[T comparable](v, other T) T {
	var unset T
	if v == unset {
		return other
	}
	return v
}
