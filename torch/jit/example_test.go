package jit_test

import (
	"fmt"
	"log"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/jit"
)

func ExampleLoad() {
	m, err := jit.Load("testdata/small.pt", torch.Device{})
	if err != nil {
		log.Fatal(err)
	}
	m.Eval()
	torch.Scope(func() {
		y := m.Forward(torch.Zeros([]int{2, 1, 4, 4}))
		fmt.Println(y.Shape())
		for _, e := range m.StateDict()[:3] {
			fmt.Println(e.Name, e.Tensor.Shape(), e.Buffer)
		}
	})
	// Output:
	// [2 3]
	// conv.weight [2 1 3 3] false
	// conv.bias [2] false
	// norm.weight [2] false
}
