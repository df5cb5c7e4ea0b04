// Package metrics scores generated pictures, each score with the protocol that it was measured by.
//
// A Fréchet distance compares two sets of pictures in the feature space of a classifier:
//
//	net, err := metrics.OpenClassifier(ctx, "mnist", metrics.ClassifierOptions{Seed: 1}) // trained once, then cached
//	...
//	real, err := net.DataMoments(ctx, testSet, testSet.Len(), 0)
//	...
//	fake, err := net.Moments(ctx, 10000, 64, model.Sample)
//	...
//	d, err := metrics.Frechet(fake, real)
//	fmt.Println(net.Protocol(metrics.Sampling{N: 10000, Reference: "mnist-test", Size: 32, Seed: 1}), d)
//
// # Names
//
// FID is the distance on the features of one network, Inception trained in 2015. The distance on any other features
// has another name (FD-MNISTCNN), and its numbers compare with numbers of that name and protocol only.
package metrics
