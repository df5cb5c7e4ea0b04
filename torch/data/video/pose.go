package video

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch/vision"
)

const (
	poseChannels = 6    // DensePose and the drawing of OpenPose
	poseDrop     = 0.05 // how often a segment or part is left out at training
)

// person is one of OpenPose's, x, y and confidence of each point in a row.
type person struct {
	Body  []float64 `json:"pose_keypoints_2d"`       // 25 points
	Face  []float64 `json:"face_keypoints_2d"`       // 70, the first 68 as those of faceCurves
	Left  []float64 `json:"hand_left_keypoints_2d"`  // 21
	Right []float64 `json:"hand_right_keypoints_2d"` // 21
}

// The limbs of OpenPose's BODY_25, with a colour each.
var limbs = []struct {
	from, to int
	colour   [3]uint8
}{
	{17, 15, [3]uint8{153, 0, 153}}, {15, 0, [3]uint8{153, 0, 102}}, {0, 16, [3]uint8{102, 0, 153}}, {16, 18, [3]uint8{51, 0, 153}}, // head
	{0, 1, [3]uint8{153, 0, 51}}, {1, 8, [3]uint8{153, 0, 0}}, // trunk
	{1, 2, [3]uint8{153, 51, 0}}, {2, 3, [3]uint8{153, 102, 0}}, {3, 4, [3]uint8{153, 153, 0}}, // right arm
	{1, 5, [3]uint8{102, 153, 0}}, {5, 6, [3]uint8{51, 153, 0}}, {6, 7, [3]uint8{0, 153, 0}}, // left arm
	{8, 9, [3]uint8{0, 153, 51}}, {9, 10, [3]uint8{0, 153, 102}}, {10, 11, [3]uint8{0, 153, 153}}, // right leg and foot
	{11, 24, [3]uint8{0, 153, 153}}, {11, 22, [3]uint8{0, 153, 153}}, {22, 23, [3]uint8{0, 153, 153}},
	{8, 12, [3]uint8{0, 102, 153}}, {12, 13, [3]uint8{0, 51, 153}}, {13, 14, [3]uint8{0, 0, 153}}, // left leg and foot
	{14, 21, [3]uint8{0, 0, 153}}, {14, 19, [3]uint8{0, 0, 153}}, {19, 20, [3]uint8{0, 0, 153}},
}

// fingers are the colours of a hand's, from the thumb on.
var fingers = [][]uint8{{204, 0, 0}, {163, 204, 0}, {0, 204, 82}, {0, 82, 204}, {163, 0, 204}}

// readPose reads the people of a frame.
func readPose(path string) ([]person, error) {
	raw, err := vision.Read(path)
	if err != nil {
		return nil, err
	}
	return parsePose(path, raw)
}

func parsePose(path string, raw []byte) ([]person, error) {
	var file struct {
		People []person `json:"people"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("keypoints %s: the file is no JSON of OpenPose: %w", path, err)
	}
	for i, p := range file.People {
		for _, part := range []struct {
			name   string
			values []float64
			points int
		}{{"body", p.Body, 25}, {"face", p.Face, 70}, {"left hand", p.Left, 21}, {"right hand", p.Right, 21}} {
			if n := len(part.values); n != 3*part.points && (n != 0 || part.name == "body") {
				return nil, fmt.Errorf("keypoints %s: the %s of person %d has %d numbers, not %d points of 3", path, part.name, i, n, part.points)
			}
			if slices.ContainsFunc(part.values, func(v float64) bool { return !sane(v) }) {
				return nil, fmt.Errorf("keypoints %s: the %s of person %d lies outside any picture", path, part.name, i)
			}
		}
	}
	return file.People, nil
}

// drawPose draws people on black. keep is asked before each segment or part.
func drawPose(people []person, h, w int, keep func() bool) *vision.Image {
	im := vision.NewImage(h, w, 3)
	line := func(values []float64, from, to int, sure float64, half int, colour []uint8, ends bool) {
		a, b := values[3*from:3*from+3], values[3*to:3*to+3]
		if min(a[2], b[2]) < sure || a[0] == 0 || b[0] == 0 { // OpenPose puts what it does not see at 0
			return
		}
		stroke(im, curve([]point{{a[0], a[1]}, {b[0], b[1]}}), half, colour, ends)
	}
	for _, p := range people {
		for _, l := range limbs {
			if keep() {
				line(p.Body, l.from, l.to, 0.01, 3, l.colour[:], true)
			}
		}
		for _, hand := range [][]float64{p.Left, p.Right} {
			if hand == nil || !keep() {
				continue
			}
			for f, colour := range fingers {
				for i, from := range []int{0, 4*f + 1, 4*f + 2, 4*f + 3} {
					line(hand, from, 4*f+1+i, 0.01, 1, colour, true)
				}
			}
		}
		if p.Face == nil {
			continue
		}
		for _, part := range faceCurves {
			if !keep() {
				continue
			}
			for _, c := range part {
				for i := range c[1:] {
					if c[i] < 68 && c[i+1] < 68 && !(c[i] == 16 && c[i+1] == 0) {
						line(p.Face, c[i], c[i+1], 0.1, 1, []uint8{255, 255, 255}, false)
					}
				}
			}
		}
	}
	return im
}

// keeping leaves out some at random, or nothing where all is plain.
func keeping(plain bool, rng *rand.Rand) func() bool {
	return func() bool { return plain || rng.Float64() >= poseDrop }
}

// spread makes the third channel of DensePose's pictures, the index of one of 24 parts, fill the range of a byte, and takes
// the parts away that keep does not keep.
func spread(im *vision.Image, path string, keep func() bool) error {
	var kept [25]bool
	for i := range kept {
		kept[i] = i == 0 || keep()
	}
	for i := 0; i < len(im.Pix); i += 3 {
		part := im.Pix[i+2]
		if part > 24 {
			return fmt.Errorf("picture %s: the third channel holds %d at pixel %d, but DensePose's parts run from 0 to 24", path, part, i/3)
		}
		if !kept[part] {
			im.Pix[i], im.Pix[i+1], part = 0, 0, 0
		}
		im.Pix[i+2] = uint8(int(part) * 255 / 24)
	}
	return nil
}
