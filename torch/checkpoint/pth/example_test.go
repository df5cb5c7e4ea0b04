package pth_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
)

// A checkpoint that Python reads with torch.load("latest.pth"), and back.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "latest.pth")

	torch.Scope(func() {
		net := nn.NewLinear(3, 1)
		err = pth.Save(path, &pth.Dict{Items: []pth.Item{
			{Key: "epoch", Value: 20},
			{Key: "netG", Value: pth.FromState(nn.StateDict(net))},
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		state, err := pth.Load(path, "netG")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(nn.LoadStateDict(net, state, true))
	})
	// Output: <nil>
}

// What is in a file, without reading the values.
func ExampleWalk() {
	f, err := pth.Open("../../../testdata/parity-core/files/tied_weights/file.pth")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	err = pth.Walk(f.Value(), func(name string, v any) error {
		fmt.Println(name, pth.Text(v))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 0.weight tensor[3 3] float32
	// 1.weight tensor[3 3] float32
}

// A pickle that asks for more than data is refused by what it asks for.
func ExampleOpen() {
	_, err := pth.Open("../../../testdata/parity-core/files/hostile_pth/os_system.pth")
	fmt.Println(filepath.Base(err.Error()))
	// Output: os_system.pth: the pickle asks for the global posix.system, which a tensor file does not need
}
