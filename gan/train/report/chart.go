package report

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// chart is one drawing, ready for the template. Lengths are in the SVG's own units, near to CSS pixels.
type chart struct {
	ID                       int
	Title                    string
	Wide                     bool
	Width, Height            int
	Left, Right, Top, Bottom float64 // edges of the plot
	X, Y                     []tick
	Curves                   []curve
	NotFinite                string // marks at the foot
	Notes                    []string
	Data                     template.JS // what the read-out under the pointer shows
}

type curve struct {
	Name, Last string
	Color      int    // one of 8
	Dashed     bool   // tells the ninth curve from the first
	Raw        string // the points, pale where a Line lies over them
	Line, Dots string // the moving average; single points
}

// Below dotted points each is shown; from smoothed points on noisy curves get a moving average.
const (
	dotted   = 40
	smoothed = 60
)

// charts draws the series group by group. The first chart is wide.
func charts(all []Series) ([]chart, error) {
	var groups []string
	members := map[string][]Series{}
	first, last := math.Inf(1), math.Inf(-1) // of all charts, so that what happened at one time is at one place
	for _, s := range all {
		if len(s.Step) != len(s.Value) {
			return nil, fmt.Errorf("report: series %q has %d steps and %d values", s.Name, len(s.Step), len(s.Value))
		}
		for i := 1; i < len(s.Step); i++ {
			if s.Step[i] < s.Step[i-1] {
				return nil, fmt.Errorf("report: series %q goes back from step %d to %d", s.Name, s.Step[i-1], s.Step[i])
			}
		}
		if len(s.Step) == 0 {
			continue
		}
		if _, ok := members[s.Group]; !ok {
			groups = append(groups, s.Group)
		}
		members[s.Group] = append(members[s.Group], s)
		first, last = math.Min(first, float64(s.Step[0])), math.Max(last, float64(s.Step[len(s.Step)-1]))
	}
	if first == last {
		first, last = first-1, last+1
	} else if first <= last/20 { // a log's first line is a few steps in; the axis starts where the run does
		first = 0
	}
	var out []chart
	for i, g := range groups {
		// An even number of charts after the first fills rows of two.
		wide := i == 0 || i == len(groups)-1 && i%2 == 1
		out = append(out, drawChart(i, g, wide, members[g], scale{lo: first, hi: last}))
	}
	return out, nil
}

func drawChart(id int, title string, wide bool, series []Series, x scale) chart {
	c := chart{ID: id, Title: title, Wide: wide, Width: 520, Height: 250, Left: 50, Top: 8}
	if wide {
		c.Width, c.Height = 1072, 320
	}
	c.Right, c.Bottom = float64(c.Width)-10, float64(c.Height)-26

	var values []float64
	for _, s := range series {
		for _, v := range s.Value {
			if finite(v) {
				values = append(values, v)
			}
		}
	}
	x.from, x.to = c.Left, c.Right
	y, outside := fit(values)
	y.from, y.to = c.Bottom, c.Top
	for _, t := range x.ticks(c.Width/90, stepLabel) {
		if !strings.HasPrefix(t.Label, "-") { // there is nothing before step 0
			c.X = append(c.X, t)
		}
	}
	c.Y = y.ticks(6, valueLabel)

	var marks strings.Builder
	for i, s := range series {
		c.Curves = append(c.Curves, drawCurve(s, i, x, y))
		if note := notFinite(s, x, c.Bottom, &marks); note != "" {
			c.Notes = append(c.Notes, note)
		}
	}
	c.NotFinite = marks.String()
	if outside > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("%s of %s values lie outside the axis.", thousands(outside), thousands(len(values))))
	}
	if y.log {
		c.Notes = append(c.Notes, "Logarithmic axis.")
	}
	c.Data = data(c, x, series)
	return c
}

func drawCurve(s Series, i int, x, y scale) curve {
	c := curve{Name: s.Name, Last: short(s.Value[len(s.Value)-1]), Color: i % 8, Dashed: i >= 8}
	keep := thin(s.Value)
	c.Raw = path(s.Step, s.Value, keep, x, y)
	if len(s.Value) < dotted {
		var b strings.Builder
		for _, k := range keep {
			if finite(s.Value[k]) {
				fmt.Fprintf(&b, "M%.1f,%.1fh0", x.pixel(float64(s.Step[k])), y.pixel(s.Value[k]))
			}
		}
		c.Dots = b.String()
	}
	if len(s.Value) >= smoothed && rough(s.Value, y.lo, y.hi) {
		average := smooth(s.Value, y.lo, y.hi)
		c.Line = path(s.Step, average, thin(average), x, y)
	}
	return c
}

// path joins points, with a gap where a value is not finite.
func path(steps []int, values []float64, keep []int, x, y scale) string {
	var b strings.Builder
	pen := byte('M')
	for _, k := range keep {
		if !finite(values[k]) {
			pen = 'M'
			continue
		}
		fmt.Fprintf(&b, "%c%.1f,%.1f", pen, x.pixel(float64(steps[k])), y.pixel(values[k]))
		pen = 'L'
	}
	return b.String()
}

// notFinite marks the steps whose value is not finite, a mark a pixel at most, and says how many there are.
func notFinite(s Series, x scale, bottom float64, marks *strings.Builder) string {
	count, first, lastPixel := 0, 0, math.Inf(-1)
	for i, v := range s.Value {
		if finite(v) {
			continue
		}
		if count++; count == 1 {
			first = s.Step[i]
		}
		if p := math.Round(x.pixel(float64(s.Step[i]))); p > lastPixel {
			fmt.Fprintf(marks, "M%.0f,%.1fv-7", p, bottom)
			lastPixel = p
		}
	}
	switch count {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("%s: the value of step %s is not finite.", s.Name, thousands(first))
	}
	return fmt.Sprintf("%s: %s values are not finite, the first at step %s.", s.Name, thousands(count), thousands(first))
}

// data is the JSON that the page's script reads: the plot's edges, and the points as drawn, to five digits.
func data(c chart, x scale, series []Series) template.JS {
	var b strings.Builder
	fmt.Fprintf(&b, `{"left":%g,"right":%g,"width":%d,"lo":%g,"hi":%g,"series":[`, c.Left, c.Right, c.Width, x.lo, x.hi)
	for i, s := range series {
		name, err := json.Marshal(s.Name) // escapes <, > and &: a name cannot end the script
		if err != nil {
			panic(err) // strings always have a JSON form
		}
		if i > 0 {
			b.WriteByte(',')
		}
		keep := thin(s.Value)
		fmt.Fprintf(&b, `{"name":%s,"step":[`, name)
		for j, k := range keep {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(s.Step[k]))
		}
		b.WriteString(`],"value":[`)
		for j, k := range keep {
			if j > 0 {
				b.WriteByte(',')
			}
			if v := s.Value[k]; finite(v) {
				b.WriteString(strconv.FormatFloat(v, 'g', 5, 64))
			} else {
				fmt.Fprintf(&b, `"%g"`, v)
			}
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}`)
	return template.JS(b.String())
}
