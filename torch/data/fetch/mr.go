package fetch

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/torch/vision"
)

var mr = Set{
	Name:     "mr",
	Holds:    "454 slices of one head by magnetic resonance, grey, about 181 x 217, with maps of 119 labels",
	Licence:  "BSD-3-Clause",
	Source:   "Debian package mricron-data",
	Version:  "1",
	Download: 16122652,
	Packages: []Package{debianPackage("mricron-data", "1.2.20211006+dfsg-4", 16122652, "d40aa0ed66cf89bf6cafa049ad3884703c9d975c2ee2737525b7196528df9d6f",
		"ch2 and the AAL atlas: BSD-3-Clause, Chris Rorden; ch2 by C. Holmes et al. 1998, AAL by N. Tzourio-Mazoyer et al. 2002")},
	convert: convertMR,
}

// The labels beyond the 116 regions of the atlas, and the intensities from which on they are given.
const (
	mrDark, mrBright            = 117, 118
	mrTissue, mrBrightFrom      = 32, 104
	mrTestFrom, mrTestTo, mrGap = 60, 70, 3 // per cent of the slices of a direction, and slices left out on both sides
)

const mrNotes = `Labels 1 to 116 are the regions of the AAL atlas, drawn by anatomists. The atlas leaves white matter, skull and skin
out; there two labels are derived, by this program, from the intensity: 117 from 32 on, 118 from 104 on. 0 is the rest.
All slices are of one head. Test slices are blocks of neighbours, three slices apart from those for training; yet slices in
another direction cross them, and the two halves of the head resemble each other: a demonstration, not a benchmark.`

// convertMR cuts the head and its atlas along three axes, wherever the atlas has a label.
func convertMR(ctx context.Context, st *stage) error {
	st.notes = append(st.notes, mrNotes)
	head, err := readNIfTI(st.source("mricron-data", "usr/share/mricron/templates/ch2.nii.gz"))
	if err != nil {
		return err
	}
	atlas, err := readNIfTI(st.source("mricron-data", "usr/share/mricron/templates/aal.nii.gz"))
	if err != nil {
		return err
	}
	if head.nx != atlas.nx || head.ny != atlas.ny || head.nz != atlas.nz {
		return fmt.Errorf("head and atlas differ in size")
	}
	type slice struct {
		split, name  string
		image, label *vision.Image
	}
	var slices []slice
	for axis, name := range []string{"sagittal", "coronal", "axial"} {
		var found []slice
		for i := range head.along(axis) {
			image, label, regions := cut(head, atlas, axis, i)
			if regions {
				found = append(found, slice{"train", fmt.Sprintf("%s_%03d.png", name, i), image, label})
			}
		}
		from, to := len(found)*mrTestFrom/100, len(found)*mrTestTo/100
		for i, s := range found {
			switch {
			case i >= from && i < to:
				s.split = "test"
			case i >= from-mrGap && i < to+mrGap:
				continue
			}
			slices = append(slices, s)
		}
	}
	return st.each(ctx, "slices", len(slices), func(i int) error {
		s := slices[i]
		if err := st.png(s.split+"_img/"+s.name, s.image); err != nil {
			return err
		}
		return st.png(s.split+"_label/"+s.name, s.label)
	})
}

// along is the number of slices across an axis.
func (v volume) along(axis int) int { return [3]int{v.nx, v.ny, v.nz}[axis] }

// cut makes slice i across an axis as a picture, the top of the head or the face up, and its labels. regions reports whether the
// atlas has any there.
func cut(head, atlas volume, axis, i int) (image, label *vision.Image, regions bool) {
	h, w := head.nz, head.nx
	switch axis {
	case 0:
		w = head.ny
	case 2:
		h = head.ny
	}
	image, label = vision.NewImage(h, w, 1), vision.NewImage(h, w, 1)
	for row := range h {
		for x := range w {
			up := h - 1 - row
			p := [3][3]int{{i, x, up}, {x, i, up}, {x, up, i}}[axis]
			v, region := head.at(p[0], p[1], p[2]), atlas.at(p[0], p[1], p[2])
			at := row*w + x
			image.Pix[at] = v
			switch {
			case region != 0:
				label.Pix[at], regions = region, true
			case v >= mrBrightFrom:
				label.Pix[at] = mrBright
			case v >= mrTissue:
				label.Pix[at] = mrDark
			}
		}
	}
	return image, label, regions
}
