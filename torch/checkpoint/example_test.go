package checkpoint_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

func ExampleSave() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "generator.safetensors")

	err = checkpoint.Save(path, []checkpoint.Tensor{
		{Name: "main.1.running_var", DType: torch.Float32, Shape: []int{2}, Data: []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
		{Name: "main.1.num_batches_tracked", DType: torch.Int64, Shape: []int{}, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	}, map[string]string{"step": "7"})
	if err != nil {
		fmt.Println(err)
		return
	}

	f, err := checkpoint.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	fmt.Println("damaged:", f.Verify() != nil)
	for _, name := range f.Names() {
		info, _ := f.Info(name)
		data, _ := f.Bytes(name)
		fmt.Println(name, info.DType, info.Shape, data)
	}
	fmt.Println("step", f.Metadata()["step"])
	// Output:
	// damaged: false
	// main.1.running_var F32 [2] [0 0 128 63 0 0 0 64]
	// main.1.num_batches_tracked I64 [] [7 0 0 0 0 0 0 0]
	// step 7
}

func ExampleWriteFile() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.json")

	write := func(text string, fault error) error {
		return checkpoint.WriteFile(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fault)
		})
	}
	fmt.Println(write(`{"steps": 100}`, nil))
	fmt.Println(write(`{"ste`, errors.New("interrupted")) != nil)
	text, _ := os.ReadFile(path)
	fmt.Println(string(text))
	// Output:
	// <nil>
	// true
	// {"steps": 100}
}
