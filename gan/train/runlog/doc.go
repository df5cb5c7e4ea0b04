// Package runlog keeps log.jsonl, the history of a run: one JSON object a line, for people, scripts and the report.
//
//	{"step":100,"time":"2026-01-02T15:04:05.000Z","epoch":0.107,"images":6400,"img_per_s":512.5,"losses":{"D/fake":0.41,"G":1.2}}
//
// Keys come in this order and those inside an object are sorted, so two logs can be compared as text. An empty object is left
// out. A number that JSON cannot hold is the string "NaN", "+Inf" or "-Inf": a run that diverged can still say so.
//
// # What survives what
//
// A line is one write to the file, so a killed program leaves at most one torn line, which Open cuts off and Read
// ignores. A resumed run calls Truncate with the step of its checkpoint: the lines of the steps that are about to be
// repeated go, and the log of a run that was killed a hundred times has each step once.
package runlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Record is one line.
type Record struct {
	Step         int                // updates done since the run began
	Time         time.Time          // kept to the millisecond, in UTC
	Epoch        float64            // passes over the data set
	Images       int                // real samples seen
	ImagesPerSec float64            // a recent average
	Losses       map[string]float64 // by the recipe's names: "G", "D/real"
	Stats        map[string]float64 // what else is watched: "D(real)", "lr/G", "memory/rss"
	Scores       map[string]float64 // metrics, the name with its protocol: "FID[…]"
}

// line gives the keys their names and their order.
type line struct {
	Step         *int              `json:"step"`
	Time         string            `json:"time"`
	Epoch        number            `json:"epoch"`
	Images       int               `json:"images"`
	ImagesPerSec number            `json:"img_per_s"`
	Losses       map[string]number `json:"losses,omitempty"`
	Stats        map[string]number `json:"stats,omitempty"`
	Scores       map[string]number `json:"scores,omitempty"`
}

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// marshal is the record's line, with its newline.
func marshal(r Record) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // names such as D(G(z))>0.5 stay readable
	err := e.Encode(line{
		&r.Step, r.Time.UTC().Format(timeFormat), number(r.Epoch), r.Images, number(r.ImagesPerSec),
		numbers[number](r.Losses), numbers[number](r.Stats), numbers[number](r.Scores),
	})
	return b.Bytes(), err
}

// unmarshal reads one line. Keys that it does not know are ignored, so that an old program reads a newer log.
func unmarshal(b []byte) (Record, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Record{}, err
	}
	if l.Step == nil {
		return Record{}, fmt.Errorf(`no "step"`)
	}
	t, err := time.Parse(time.RFC3339, l.Time)
	if err != nil {
		return Record{}, err
	}
	return Record{
		*l.Step, t, float64(l.Epoch), l.Images, float64(l.ImagesPerSec),
		numbers[float64](l.Losses), numbers[float64](l.Stats), numbers[float64](l.Scores),
	}, nil
}

// number is a float64 that may be NaN or infinite in JSON.
type number float64

// MarshalJSON writes a number, or "NaN", "+Inf" or "-Inf".
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *number) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*n = number(math.NaN())
	case `"+Inf"`:
		*n = number(math.Inf(1))
	case `"-Inf"`:
		*n = number(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(n))
	}
	return nil
}

// numbers converts between the map that callers see and the one that is written. Nothing stays nil.
func numbers[To, From ~float64](m map[string]From) map[string]To {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]To, len(m))
	for k, v := range m {
		out[k] = To(v)
	}
	return out
}
