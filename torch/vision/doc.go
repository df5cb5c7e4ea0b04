// Package vision reads, transforms and writes pictures with the numbers of Pillow and torchvision.
//
//	im, err := vision.Decode("cat.jpg", vision.RGB)      // PNG, JPEG or WebP, by content
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
// Resizing is Pillow's two-pass fixed-point resampling, bit for bit; crops, pads, flips and the grey weights
// are exact as well. JPEG chroma is upsampled with libjpeg's triangle filter, and colours are converted with
// its fixed-point tables, so decoded values differ from libjpeg's by the rounding of the inverse cosine
// transform only (the parity test states how much).
//
// # Errors
//
// A bad file is an error; a wrong argument, such as a crop of negative size, is a mistake in the program and panics.
//
// The package is pure Go: it knows no tensors, only the float32 slices that tensors are made from.
package vision
