// Package video holds data sets of sequences of frames, as video-to-video systems learn from.
//
//	dir, err := video.Folder(ctx, "vtest", nil)                       // a known set, or a folder of the user's
//	if err != nil {
//		return err
//	}
//	set, err := video.Open(dir, video.Options{Frames: 8, MaxStep: 2, Load: 256, Flip: true})
//	if err != nil {
//		return err                                                     // names the first frame without a partner
//	}
//	...
//	a, b := batch.Find("A"), batch.Find("B")                           // (1, 8, 3, 192, 256) float32 in [-1, 1]
//
// # Layout
//
// A split is train, or test; where there is no test, val. Each of its parts is a folder of sequences, each sequence a
// folder of frames in the natural order of their names (frame2 before frame10):
//
//	pictures     train_A/SEQUENCE/FRAME.png  train_B/SEQUENCE/FRAME.png
//	label maps   the same, train_A with one id a pixel, and train_inst/… with instances
//	faces        train_keypoints/SEQUENCE/FRAME.txt, 68 lines x,y  train_img/…
//	poses        train_densepose/…  train_openpose/SEQUENCE/FRAME_keypoints.json  train_img/…
//
// The folder of a part may hold the frames of a single sequence directly.
//
// # Windows
//
// An item of a set is a window: Frames frames of one sequence, 1 to MaxStep apart, from a random place, all with the
// same scale, crop and flip. A system that lengthens its windows while it trains makes sets of other lengths of one by
// [Set.Windows], as data.Staged wants them for its epochs, or opens the set for the longest and takes the first frames of
// each; either way a loader's place in the data is a few numbers and a resumed run the same to the bit.
//
// # Equal to the official code
//
// Sizes, crops and values are those of vid2vid's loader where the same place is drawn (Wang et al. 2018, official
// data/base_dataset.py and temporal_dataset.py). Two things differ on purpose: a sequence that is shorter than a window is
// an error, where the official loader shortens the window, and frames are matched by number and not by name only where
// the names of two parts differ throughout.
package video
