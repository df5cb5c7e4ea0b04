// Package pairs holds the data sets of image-to-image systems: pictures with their translations, two domains without
// pairs, and label maps with photographs.
//
//	set, err := pairs.OpenAligned("facades", pairs.Options{Size: 256, Load: 286, Flip: true})
//	if err != nil {
//		return err                                            // names the first file without a partner
//	}
//	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 1, Shuffle: true, Seed: 1})
//	...
//	a, b := batch.Find("A"), batch.Find("B")                      // (1, 3, 256, 256) float32 in [-1, 1]
//
// # Layouts
//
// A split is train, or test; where there is no test, val.
//
//	pictures of two sides     trainA trainB, or train/A train/B, or A/train B/train; the same file names on both sides
//	two sides in one picture  train, each picture A|B: the left half is A, the right half B
//	label maps                train_label train_inst train_img, or train_A train_B where pictures take the place of labels
//
// The sides may have other names: DIR:noto-fluent takes the folders noto and fluent of DIR for A and B. [Folder] also
// finds the sets that can be fetched.
//
// # Equal to the official code
//
// Resizing, crops, flips and values are those of pytorch-CycleGAN-and-pix2pix, pix2pixHD and SPADE, bit for bit where
// the same place is drawn; tests compare. The draws are the loader's: the same in every run of one seed. Two things
// differ on purpose: a picture smaller than its crop is an error instead of a black border, and scale_shortside brings
// the shorter side to Load, where SPADE's leaves it as it is. Alpha is dropped, as Pillow's convert("RGB") does.
package pairs
