package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/metrics"
)

// evalReport is what eval prints.
type evalReport struct {
	Checkpoint string            `json:"checkpoint"`
	System     string            `json:"system"`
	Data       string            `json:"data"`
	Scores     []scoreReport     `json:"scores"`
	Skipped    []string          `json:"skipped,omitempty"` // networks whose weights are missing, a line each
	Classifier *classifierReport `json:"classifier,omitempty"`
}

// scoreReport is a score with its two measures, where it has them.
type scoreReport struct {
	metrics.Score
	Network string   `json:"network"`
	Before  *float64 `json:"before_training,omitempty"`   // of the same system as its run's seed made it
	Floor   *float64 `json:"training_pictures,omitempty"` // of as many pictures of the training split
}

// classifierReport says how good the network digits is.
type classifierReport struct {
	Accuracy float64 `json:"test_accuracy"`
	Seconds  float64 `json:"training_seconds"`
	Hash     string  `json:"hash"`
}

// finish prints the report. Networks that were skipped make it fail.
func (r *evalReport) finish(c *cli.Context) error {
	if c.Bool("json") && len(r.Scores) > 0 {
		if err := printJSON(c, r); err != nil {
			return err
		}
	} else {
		r.print(c)
	}
	if len(r.Skipped) > 0 {
		return errors.New(strings.Join(r.Skipped, "; "))
	}
	return nil
}

// skip passes over what needs weights that are missing, and returns any other error.
func (r *evalReport) skip(network string, err error) error {
	var missing *features.Missing
	if !errors.As(err, &missing) {
		return err
	}
	if line := fmt.Sprintf("%s is skipped: %v", network, err); !slices.Contains(r.Skipped, line) {
		r.Skipped = append(r.Skipped, line)
	}
	return nil
}

func (r *evalReport) print(c *cli.Context) {
	w := c.App.Writer
	for _, s := range r.Scores {
		deviation := ""
		if s.Std != 0 {
			deviation = " ± " + digits(s.Std)
		}
		fmt.Fprintf(w, "%s = %s%s\n", s.Protocol, digits(s.Value), deviation)
	}
	if len(r.Scores) > 0 {
		fmt.Fprintf(w, "\n%-14s%-12s%12s%12s%19s\n", "network", "metric", "this run", "untrained", "training pictures")
	}
	for _, s := range r.Scores {
		fmt.Fprintf(w, "%-14s%-12s%12s%12s%19s\n", s.Network, s.Metric, digits(s.Value), measure(s.Before), measure(s.Floor))
	}
	if k := r.Classifier; k != nil {
		fmt.Fprintf(w, "the classifier names %.2f %% of the %s test pictures, trained in %.0f s\n", 100*k.Accuracy, r.Data, k.Seconds)
	}
}

// measure is a number that a score may lack.
func measure(v *float64) string {
	if v == nil {
		return "-"
	}
	return digits(*v)
}

// digits is a number with two decimals, or four significant digits where it is small.
func digits(v float64) string {
	if math.Abs(v) >= 1 || v == 0 {
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.4g", v)
}
