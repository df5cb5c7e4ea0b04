package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/forgergan/forger/gan/train/runlog"
)

// Curves makes the curves of a log: all losses in one chart; stats by what comes before a slash ("lr/G", "lr/D") or a
// parenthesis ("D(real)", "D(fake)"); each score in its own chart; and the speed.
func Curves(records []runlog.Record) []Series {
	var c curves
	for _, r := range records {
		c.add(r.Step, r.Losses, func(string) string { return "Losses" })
	}
	for _, r := range records {
		c.add(r.Step, r.Stats, statGroup)
	}
	for _, r := range records {
		c.add(r.Step, r.Scores, func(name string) string { metric, _, _ := strings.Cut(name, "["); return metric })
	}
	for _, r := range records {
		c.add(r.Step, map[string]float64{"img/s": r.ImagesPerSec}, func(string) string { return "Speed" })
	}
	return c.all
}

func statGroup(name string) string {
	if group, _, ok := strings.Cut(name, "/"); ok {
		return group
	}
	if group, _, ok := strings.Cut(name, "("); ok {
		return group + "(…)"
	}
	return "Statistics"
}

type curves struct {
	all   []Series
	index map[[2]string]int
}

func (c *curves) add(step int, values map[string]float64, group func(string) string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key := [2]string{group(name), name}
		i, ok := c.index[key]
		if !ok {
			if c.index == nil {
				c.index = map[[2]string]int{}
			}
			i = len(c.all)
			c.index[key] = i
			c.all = append(c.all, Series{Name: name, Group: key[0]})
		}
		c.all[i].Step = append(c.all[i].Step, step)
		c.all[i].Value = append(c.all[i].Value, values[name])
	}
}
