package video

import (
	"math/rand/v2"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// parts are the folders of a split, without its name; the frames are always the second.
func (o Options) parts() []string {
	switch {
	case o.Kind == Face:
		return []string{"keypoints", "img"}
	case o.Kind == Pose:
		return []string{"densepose", "img", "openpose"}
	case o.Instances:
		return []string{"A", "B", "inst"}
	}
	return []string{"A", "B"}
}

// isFrame tells the files of a part by their names.
func (o Options) isFrame(part int, name string) bool {
	switch {
	case o.Kind == Face && part == 0:
		return strings.EqualFold(filepath.Ext(name), ".txt")
	case o.Kind == Pose && part == 2:
		return strings.EqualFold(filepath.Ext(name), ".json")
	}
	return isPicture(name)
}

// readInput reads the conditions of frame k, the t-th of its window, which is im.
func (s *Set) readInput(parts [][]string, k int, im *vision.Image, at place, t int, row []data.Array, rng *rand.Rand) error {
	dst := part(row[0], t, s.o.Frames)
	switch {
	case s.o.Kind == Face:
		pts, err := readFace(parts[0][k])
		if err != nil {
			return err
		}
		put(at, drawFace(pts, im), vision.Bilinear, vision.Zero, vision.One, dst.Float32)
		return nil
	case s.o.Kind == Pose:
		return s.readPose(parts, k, at, dst.Float32, keeping(s.o.Plain || s.o.Split != data.Train, rng))
	case s.o.Labels == 0:
		a, err := vision.Decode(parts[0][k], vision.Mode(s.o.Channels))
		if err != nil {
			return err
		}
		return at.picture(parts[0][k], a, dst.Float32)
	}
	if err := at.ids(parts[0][k], s.o.Labels, dst.Int64); err != nil || !s.o.Instances {
		return err
	}
	return at.ids(parts[2][k], 1<<16, part(row[1], t, s.o.Frames).Int64)
}

// readPose writes DensePose's picture of a frame and the drawing of OpenPose's people to dst.
func (s *Set) readPose(parts [][]string, k int, at place, dst []float32, keep func() bool) error {
	dense, err := vision.Decode(parts[0][k], vision.RGB)
	if err != nil {
		return err
	}
	if err := at.same(parts[0][k], dense.H, dense.W); err != nil {
		return err
	}
	if err := spread(dense, parts[0][k], keep); err != nil {
		return err
	}
	people, err := readPose(parts[2][k])
	if err != nil {
		return err
	}
	drawn := drawPose(people, at.fileH, at.fileW, keep)
	put(at, []*vision.Image{dense, drawn}, vision.Nearest, vision.Half, vision.Half, dst)
	return nil
}

// put writes pictures one after the other to dst.
func put(at place, all []*vision.Image, f vision.Filter, mean, std []float32, dst []float32) {
	n := at.cropH * at.cropW
	for _, im := range all {
		at.part(im, f).Normalize(dst[:im.C*n], mean, std)
		dst = dst[im.C*n:]
	}
}
