// Package vision reads, transforms and writes pictures with the numbers of Pillow and torchvision.
//
//	im, err := vision.Decode("cat.jpg", vision.RGB)      // PNG, JPEG, WebP, GIF or BMP, by content
//	if err != nil {
//		return err                                        // names the file and what is wrong with it
//	}
//	im = im.ResizeShort(64, 0, vision.Bilinear).CenterCrop(64, 64)
//	x := make([]float32, 3*64*64)
//	im.Normalize(x, vision.Half, vision.Half)            // (3, 64, 64) in [-1, 1]
//	...
//	err = vision.SaveGrid("grid.png", samples, []int{64, 3, 64, 64}, vision.Grid{})
//
// # Pictures
//
// An [Image] holds 8-bit values, interleaved as (H, W, C), with 1 (grey), 3 (RGB) or 4 (RGBA) channels.
// Transforms return a new Image and leave the receiver alone; sizes are given height first, as in tensors.
// Alpha is explicit: decoding as [RGB] drops it, as Pillow's convert("RGB") does (a transparent pixel shows
// whatever colour the file stores under it); to put a cut-out on a background decode as [RGBA] and call
// [Image.Over].
//
// # Equal to Pillow
//
// What is here gives Pillow's bytes: the tests compare bit for bit. JPEG is decoded with libjpeg's accurate integer
// transform, its triangle filter for chroma and its tables for colours, CMYK included; lossy WebP as libwebp does.
// Resizing is Pillow's two-pass fixed-point resampling; [Image.ResizeCrop] computes the pixels of a crop only and
// gives the same ones. Crops, pads, flips, turns, colour changes and the grey weights are exact as well. Two things
// differ on purpose: 16-bit samples keep their high byte ([DecodeDeep] and [DecodeIDs] read them whole), and a file that
// is damaged or cut off is refused where Pillow would sometimes fill up with grey. [Image.Lab] and [FromLab] agree with
// scikit-image.
//
// Package transforms has the transforms that torchvision makes of tensors, which round differently.
//
// # Speed
//
// The inner loops of decoding and resampling are written twice, in Go and, for programs built with cgo, in C that the
// compiler turns into vector instructions; both give the same bits. [Image] values are plain memory: nothing is
// shared, nothing has to be closed, and any number of goroutines may decode at once.
//
// # Errors
//
// A bad file is an error: one sentence that names it. What a file announces is checked against its length before memory
// is taken for it. A wrong argument, such as a crop of negative size, is a mistake in the program and panics.
//
// The package knows no tensors, only the float32 slices that tensors are made from, and needs no LibTorch.
package vision
