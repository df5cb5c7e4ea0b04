package video

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// layouts are the kinds of sets by the folders that they are known by.
var layouts = []struct {
	name  string
	known string
	o     Options
}{
	{"videos of faces", "keypoints", Options{Kind: Face}},
	{"videos of poses", "densepose", Options{Kind: Pose}},
	{"videos A, B with instances", "inst", Options{Instances: true}},
	{"videos A, B", "A", Options{}},
}

var phases = []string{"train", "val", "test"}

// recognise finds the kind of a set; nothing if a folder holds none whose frames are in folders of sequences.
func recognise(dir string) (name string, o Options, found bool) {
	for _, l := range layouts {
		for _, phase := range phases {
			all, err := sequences(filepath.Join(dir, phase+"_"+l.known), func(name string) bool { return l.o.isFrame(0, name) || isPicture(name) })
			if err == nil && all[0].name != "" {
				return l.name, l.o, true
			}
		}
	}
	return "", Options{}, false
}

// Recognised reports whether a folder holds a set of this package with folders of sequences, as train_A/SEQUENCE.
func Recognised(dir string) bool {
	_, _, found := recognise(dir)
	return found
}

// Check reads every frame of a set and reports, folder by folder, counts and sizes, sequences, frames without a partner, numbers that
// are left out between frames, and every broken file. Like [data.Check] it has an error only for a folder that holds no such
// set, and for the end of ctx.
func Check(ctx context.Context, dir string) (*data.Report, error) {
	kind, o, found := recognise(dir)
	if !found {
		return nil, fmt.Errorf("video %s: there are no folders train_A/SEQUENCE and train_B/SEQUENCE", dir)
	}
	r := &data.Report{Dir: dir, Kind: kind, Broken: []data.Broken{}}
	r.Verify(dir)
	for _, phase := range phases {
		if !slices.ContainsFunc(o.parts(), func(part string) bool { return isDir(filepath.Join(dir, phase+"_"+part)) }) {
			continue
		}
		var clips []clip
		for i, part := range o.parts() {
			folder := filepath.Join(dir, phase+"_"+part)
			all, err := sequences(folder, func(name string) bool { return o.isFrame(i, name) })
			if err != nil {
				r.Broken = append(r.Broken, data.Broken{Path: folder, Problem: err.Error()})
				continue
			}
			report, broken := o.checkPart(ctx, i, all)
			report.Split, report.Folder = data.Split(phase), phase+"_"+part
			r.Parts, r.Broken = append(r.Parts, report), append(r.Broken, broken...)
			if i == 0 {
				for _, s := range all {
					clips = append(clips, clip{s.name, [][]string{s.frames}})
				}
			} else if _, err := join(clips, all, filepath.Join(dir, phase+"_"+o.parts()[0]), folder); err != nil {
				r.Broken = append(r.Broken, data.Broken{Path: folder, Problem: err.Error()})
			}
		}
	}
	return r, ctx.Err()
}

// checkPart reads all frames of a part.
func (o Options) checkPart(ctx context.Context, part int, all []sequence) (r data.PartReport, broken []data.Broken) {
	var paths []string
	s := &data.SequenceReport{Sequences: len(all), Shortest: len(all[0].frames)}
	for _, q := range all {
		paths = append(paths, q.frames...)
		s.Shortest, s.Longest = min(s.Shortest, len(q.frames)), max(s.Longest, len(q.frames))
		if at := gap(q.frames); at > 0 {
			s.Gaps++
			s.FirstGap = cmp.Or(s.FirstGap, q.frames[at])
		}
	}
	read := o.reader(part)
	if read == nil {
		r, broken = data.CheckFiles(ctx, paths)
	} else {
		for _, path := range paths {
			if ctx.Err() != nil {
				break
			}
			if err := read(path); err != nil {
				broken = append(broken, data.Broken{Path: path, Problem: err.Error()})
				continue
			}
			r.Items++
		}
	}
	r.Sequences = s
	return r, broken
}

// reader reads a frame of a part that is no picture; nil for one that is.
func (o Options) reader(part int) func(path string) error {
	switch name := o.parts()[part]; {
	case name == "keypoints":
		return func(path string) error { _, err := readFace(path); return err }
	case name == "openpose":
		return func(path string) error { _, err := readPose(path); return err }
	case name == "inst":
		return func(path string) error {
			raw, err := vision.Read(path)
			if err == nil {
				_, err = vision.DecodeIDs(path, raw)
			}
			return err
		}
	}
	return nil
}

// gap is the first frame whose number is farther from that of the one before than those of most frames are, 0 for none or
// where names have no numbers.
func gap(frames []string) int {
	steps, numbers := map[int]int{}, make([]int, len(frames))
	for i, path := range frames {
		name := stem(path)
		from := strings.LastIndexFunc(name, func(c rune) bool { return c < '0' || c > '9' }) + 1
		n, err := strconv.Atoi(name[from:])
		if err != nil {
			return 0
		}
		if numbers[i] = n; i > 0 {
			steps[n-numbers[i-1]]++
		}
	}
	usual := 0
	for step, times := range steps {
		if times > steps[usual] || times == steps[usual] && step < usual {
			usual = step
		}
	}
	for i := 1; i < len(numbers); i++ {
		if numbers[i]-numbers[i-1] > usual {
			return i
		}
	}
	return 0
}
