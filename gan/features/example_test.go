package features_test

import (
	"errors"
	"fmt"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
)

func ExampleNewVGG19() {
	torch.Scope(func() {
		net := features.NewVGG19(35) // VGG54 of SRGAN; weights as drawn, until published ones are loaded
		fmt.Println(net.Taps(torch.Zeros([]int{1, 3, 32, 32}))[0].Shape())
	})
	// Output: [1 512 2 2]
}

func ExampleLoad() {
	_, err := features.Load("alexnet", features.NewAlexNet(), "/no/such/folder")
	var missing *features.Missing
	fmt.Println(err, errors.As(err, &missing))
	file, _ := features.FindFile("alexnet")
	fmt.Println(file.Sources[0].File, file.Licence)
	// Output:
	// stat /no/such/folder: no such file or directory false
	// alexnet-owt-7be5be79.pth BSD-3-Clause (torchvision)
}

func ExamplePreparation() {
	torch.Scope(func() {
		bytes := torch.Full([]int{1, 1, 8, 8}, 192.0)
		x := features.TF1.Apply(bytes)
		fmt.Println(features.TF1, x.Shape(), x.Max().Item())
	})
	// Output: resize=tf1-bilinear [1 3 299 299] 0.5
}
