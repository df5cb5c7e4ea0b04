package vid2vid

import "github.com/forgergan/forger/torch"

// reel is the newest frames of a sequence, with as many before as the temporal discriminators reach back. The earlier ones
// are without a graph.
type reel struct {
	frames *torch.Tensor // (N, T, C, H, W), nil at first
}

// spacing is the distance of the frames of a triple at a scale, for tD frames in it.
func spacing(scale, tD int) int {
	n := 1
	for range scale {
		n *= tD
	}
	return n
}

// add appends a chunk (N, T, C, H, W) and returns the triples (N·k, tD, C, H, W) of frames that end in it, of each scale: all
// frames of a triple are spacing apart, and triples begin tD frames apart, from the newest one back. nil where there are
// not enough frames yet. Official vid2vid_model_D.py, get_skipped_frames.
func (r *reel) add(chunk *torch.Tensor, scales, tD int) (triples []*torch.Tensor) {
	all := chunk
	if r.frames != nil {
		all = torch.Cat([]*torch.Tensor{r.frames, chunk}, torch.CatOptions{Dim: 1})
	}
	triples = make([]*torch.Tensor, scales)
	length := all.Size(1)
	for s := range triples {
		apart := spacing(s, tD)
		span := apart * (tD - 1)
		var found []*torch.Tensor
		for t := 0; t < min(length-span, chunk.Size(1)); t += tD {
			found = append(found, every(all, length-1-t-span, apart, tD))
		}
		if found != nil {
			triples[s] = torch.Cat(found)
		}
	}
	r.keep(all, spacing(max(scales-1, 0), tD)*(tD-1))
	return triples
}

// every are n frames of x (N, T, …) from the one at first on, so many apart.
func every(x *torch.Tensor, first, apart, n int) *torch.Tensor {
	return x.Slice(torch.SliceOptions{Dim: 1, Start: &first, End: new(first + apart*(n-1) + 1), Step: &apart})
}

// keep remembers the n newest of the frames.
func (r *reel) keep(all *torch.Tensor, n int) {
	r.frames = newest(all, min(n, all.Size(1))).Detach()
}
