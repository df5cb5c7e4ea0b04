package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

func benchMicroCommand() *cli.Command {
	return &cli.Command{
		Name:      "micro",
		Usage:     "time single calls, as seen from Go",
		ArgsUsage: "[CALL…]",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "samples", Usage: "samples of about 50 ms, of which the median counts", Value: 10},
			threadsFlag, jsonFlag,
		},
		Action: benchMicro,
	}
}

// A microCall is a call to be timed.
type microCall struct {
	name  string
	call  func()
	ops   int  // operations in a call
	scope int  // calls in a scope, whose end is timed with them
	grad  bool // recorded
	what  string
}

func microCalls() []microCall {
	a, b := torch.Ones([]int{4}), torch.Full([]int{4}, 0.5)
	g := torch.Ones([]int{4}).SetRequiresGrad(true)
	m, n := torch.Randn([]int{1024, 1024}), torch.Randn([]int{1024, 1024})
	x, w := torch.Randn([]int{16, 64, 64, 64}), torch.Randn([]int{64, 64, 3, 3})
	chain := func(t *torch.Tensor) *torch.Tensor {
		for range 50 {
			t = t.Add(b)
			t = t.Mul(b)
		}
		return t
	}
	var params []*torch.Tensor
	for range 200 {
		p := torch.Randn([]int{64}).SetRequiresGrad(true)
		p.SetGrad(torch.Randn([]int{64}))
		params = append(params, p)
	}
	adam := optim.NewAdam(params, optim.AdamOptions{LR: 1e-3})
	return []microCall{
		{"add4", func() { a.Add(b) }, 1, 100, false, "a + b on 4 elements, no graph, new result each time"},
		{"add4-inplace", func() { a.AddInPlace(b, torch.AddInPlaceOptions{Alpha: 0.0}) }, 1, 100, false, "in-place add on 4 elements, no graph"},
		{"add4-grad", func() { g.Add(b) }, 1, 100, true, "a + b on 4 elements, a requires a gradient (graph recorded and freed)"},
		{"chain100", func() { chain(a) }, 100, 1, false, "t = t+b, t = t*b, 50 times each, 4 elements, no graph; time per operation"},
		{"chain100-backward", func() {
			chain(g).Sum().Backward()
			g.SetGrad(nil)
		}, 202, 1, true, "the same with graph, then sum and backward; time per node, forward and backward"},
		{"matmul1024", func() { m.MatMul(n) }, 1, 1, false, "1024x1024 by 1024x1024, float32"},
		{"conv2d", func() { torch.Conv2d(x, w, torch.Conv2dOptions{Padding: []int{1}}) }, 1, 1, false,
			"3x3 convolution, padding 1, 16x64x64x64 (NCHW), 64 outputs, float32"},
		{"empty", func() { torch.Empty([]int{4}) }, 1, 100, false, "creation and release of an uninitialised 4-element tensor"},
		{"zeros1m", func() { torch.Zeros([]int{262144}) }, 1, 1, false, "creation and release of 1 MiB of zeros"},
		{"view", func() { m.Select(0, 1) }, 1, 100, false, "row view of a matrix, created and released"},
		{"item", func() { b.Select(0, 0).Item() }, 1, 100, false, "one element read to the host"},
		{"adam200", adam.Step, 1, 1, false, "Adam step on 200 parameters of 64 elements"},
	}
}

type microReport struct {
	Bench  string      `json:"bench"`
	What   string      `json:"what"`
	Metric benchMetric `json:"metric"`
}

func benchMicro(c *cli.Context) error {
	if c.Int("samples") < 1 {
		return usage("--samples must be at least 1")
	}
	if err := torch.Available(); err != nil {
		return err
	}
	if c.Int("threads") > 0 {
		torch.SetThreads(c.Int("threads"))
	}
	var err error
	torch.Scope(func() {
		calls := microCalls()
		for _, name := range c.Args().Slice() {
			if !slices.ContainsFunc(calls, func(m microCall) bool { return m.name == name }) {
				err = usage("no call is named %s", name)
				return
			}
		}
		for _, m := range calls {
			if err = c.Context.Err(); err != nil {
				return
			}
			if c.NArg() == 0 || slices.Contains(c.Args().Slice(), m.name) {
				err = m.report(c)
			}
		}
	})
	return err
}

func (m microCall) report(c *cli.Context) error {
	ns := m.time(c.Int("samples")) / float64(m.ops)
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(microReport{"micro/" + m.name, m.what, benchMetric{"ns_per_op", ns, "lower"}})
	}
	_, err := fmt.Fprintf(c.App.Writer, "%-18s %12.0f ns  %s\n", m.name, ns, m.what)
	return err
}

// time is the nanoseconds of one call: the median of samples of about 50 ms, after one to warm up.
func (m microCall) time(samples int) float64 {
	const sample = 50 * time.Millisecond
	run := func(scopes int) time.Duration {
		start := time.Now()
		for range scopes {
			torch.Scope(func() {
				for range m.scope {
					m.call()
				}
			})
		}
		return time.Since(start)
	}
	var times []float64
	measure := func() {
		scopes := 1
		for took := run(1); took < sample/2; took = run(scopes) {
			scopes *= 2
		}
		for range samples {
			times = append(times, float64(run(scopes))/float64(scopes*m.scope))
		}
	}
	if m.grad {
		measure()
	} else {
		torch.NoGrad(measure)
	}
	slices.Sort(times)
	return times[len(times)/2]
}
