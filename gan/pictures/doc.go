// Package pictures makes what people look at to judge a generator: grids sorted by class, strips of input, output and
// target, walks between latents, sweeps of truncation, nearest neighbours in the training set, and films of a run.
//
//	z := pictures.Slerp(model.Latents(8), model.Latents(8), 10) // eight walks of ten steps
//	x := model.Generate(z)                                      // (80, C, H, W)
//	err := vision.SavePNG("walk.png", pictures.Grid(x, 10))     // a row a walk
//
// Images are tensors (N, C, H, W) in [−1, 1] with 1 or 3 channels, on any device. A shape that does not fit is a mistake
// in the program and panics with a *torch.Error; files and data return errors.
package pictures
