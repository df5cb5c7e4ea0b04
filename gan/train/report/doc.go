// Package report makes report.html: a run on one page that anybody can open, mail or print. Everything is inside the file, the
// page asks no network, and it reads well with scripts switched off, on a dark screen and on paper.
//
//	records, err := runlog.Read("runs/digits/log.jsonl")
//	if err != nil {
//		return err
//	}
//	return report.Render(file, report.Run{
//		Title:  "DCGAN on MNIST",
//		Facts:  []report.Fact{{Name: "Steps", Value: "3,000"}, {Name: "Device", Value: "cpu, 2 threads"}},
//		Series: report.Curves(records),
//		Grids:  []report.Grid{{Step: 3000, PNG: png}},
//	})
//
// # What is kept of long runs
//
// A curve is drawn with at most 1,000 points, the least and the greatest of each stretch, so no spike is lost; over
// noisy curves lies their moving average. At most 12 sample grids are shown, the first, the last and some at equal distances
// between, in about 3 MB; grids that are too large for that become smaller JPEG pictures.
// Where a few wild values would flatten the rest, the axis covers 98 % of the values and the page says how many
// lie outside. Values that are not finite are marked at the foot of the chart and counted.
package report

// Run is all that the page shows. Parts that are empty are left out.
type Run struct {
	Title  string
	Facts  []Fact // system, data set, steps, time, device, seed, parameters, versions
	Config []Fact
	Series []Series
	Grids  []Grid
	Scores []Fact // a metric, its value, and as note its protocol
}

// Fact is a name with a value. Note is said beneath in small type: the default a setting differs from, a score's protocol.
type Fact struct{ Name, Value, Note string }

// Series is a curve. Those with the same Group share a chart, in the order given. Steps do not fall; Step and Value have
// the same length; a value may be NaN or infinite.
type Series struct {
	Name, Group string
	Step        []int
	Value       []float64
}

// Grid is a picture of samples after a step, as the bytes of a PNG file.
type Grid struct {
	Step int
	PNG  []byte
}
