// Package metrics scores generated pictures, each score with the protocol that it was measured by.
//
// A Fréchet distance compares two sets of pictures in the feature space of a classifier:
//
//	net, err := metrics.OpenClassifier(ctx, "mnist", metrics.ClassifierOptions{Seed: 1}) // trained once, then cached
//	...
//	real, err := metrics.CollectData(ctx, net, testSet, testSet.Len(), 0, false)
//	...
//	fake, err := metrics.CollectPictures(ctx, net, 10000, 64, false, model.Sample)
//	...
//	d, err := metrics.Frechet(fake.Moments, real.Moments)
//	fmt.Println(net.Protocol("FD", metrics.Sampling{N: 10000, Reference: "mnist-test", Size: 32, Seed: 1}), d)
//
// # Scores
//
//   - Of sets, on features (N, D) or logits: [Frechet], [KernelDistance], [PRDC], [InceptionScore], [Nearest],
//     [IntraFrechet]. They compute in float64 and return errors, since features come from files and from networks that
//     may have diverged. The generated set comes first.
//   - Of pairs of pictures (N, C, H, W): [PSNR], [SSIM], [MSSSIM], [DaalaSSIM], [LPIPS]. They return a tensor (N) with gradients, so
//     that they serve as losses, and panic as operators do where shapes do not fit. [Quantise], [Luma] and [Shave]
//     prepare pictures.
//   - Of a generator: [PathLength], [Parzen] and [ParzenScales], with labels [GANTrain] and [GANTest], and with captions
//     [RPrecision].
//   - Of videos: [WarpingError], how much they flicker.
//   - Of labels and of speech: [Confusion] (mean IoU), [MelCepstralDistortion].
//
// The zero value of a score's options is what its best known implementation does, and the options' String is their part
// of the protocol.
//
// # Networks
//
// A [Network] makes features of pictures. [OpenNetwork] returns Inception or EfficientNet-Lite0, whose weights package
// features finds, or a classifier trained here. [CollectPictures] and [CollectData] take pictures in, an [Evaluation]
// scores them by several metrics, also during training, and [Moments.Save] and [LoadMoments] keep the statistics of a
// real set.
//
// # Names
//
// FID is the distance on the features of one network, Inception trained in 2015. The distance on any other features
// has another name (FD-MNISTCNN), and its numbers compare with numbers of that name and protocol only. The same holds
// for KID and KD-MNISTCNN.
package metrics
