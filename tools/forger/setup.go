package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/native"
)

func setupCommand() *cli.Command {
	return &cli.Command{
		Name:  "setup",
		Usage: "find or download LibTorch and build the shim; needs no root",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "cuda", Usage: "also fetch what a GPU needs (2.5 GB)", DisableDefaultText: true}, jsonFlag,
		},
		Action: func(c *cli.Context) error {
			log := func(format string, a ...any) { fmt.Fprintf(c.App.ErrWriter, format+"\n", a...) }
			install, err := libtorch.Get(c.Context, libtorch.Options{CUDA: c.Bool("cuda"), Log: log})
			if err != nil {
				return err
			}
			shim, err := libtorch.BuildShim(c.Context, install, native.Sources(), native.Stamp(), log)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return printJSON(c, map[string]any{"libtorch": install, "shim": shim})
			}
			fmt.Fprintf(c.App.Writer, "LibTorch %s in %s (%s)\nshim in %s\n", install.Version, install.Root, install.Source, shim.Path)
			return nil
		},
	}
}

// doctorReport is what `forger doctor` finds.
type doctorReport struct {
	OK       bool              `json:"ok"`
	Go       string            `json:"go"`
	LibTorch string            `json:"libtorch,omitempty"` // place
	Shim     string            `json:"shim,omitempty"`
	Cache    string            `json:"cache,omitempty"`
	System   *torch.SystemInfo `json:"system,omitempty"`
	Problem  string            `json:"problem,omitempty"`
}

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "print what was found of LibTorch, the shim and the devices, or the command that mends it",
		Flags: []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error {
			r := examine()
			if c.Bool("json") {
				if err := printJSON(c, r); err != nil {
					return err
				}
			} else {
				r.print(c)
			}
			if !r.OK {
				return cli.Exit("", 1)
			}
			return nil
		},
	}
}

func examine() doctorReport {
	r := doctorReport{Go: runtime.Version()}
	r.Cache, _ = libtorch.CacheDir()
	shim, _, err := libtorch.FindShim(native.Stamp())
	if err == nil {
		r.Shim, r.LibTorch = shim.Path, shim.Libtorch
		var info torch.SystemInfo
		if info, err = torch.System(); err == nil {
			r.System, r.OK = &info, true
		}
	}
	var e *torch.Error
	switch {
	case errors.As(err, &e):
		r.Problem = e.Msg
	case err != nil:
		r.Problem = err.Error()
	}
	return r
}

func (r doctorReport) print(c *cli.Context) {
	line := func(name string, value any) { fmt.Fprintf(c.App.Writer, "%-15s %v\n", name, value) }
	line("Go", r.Go)
	line("cache", r.Cache)
	if r.System == nil {
		line("problem", r.Problem)
		return
	}
	s := r.System
	line("LibTorch", s.LibTorch+" in "+r.LibTorch)
	line("shim", r.Shim)
	line("CPU", s.CPUCapability)
	line("threads", s.Threads)
	switch {
	case s.CUDAProblem != "":
		line("CUDA", "not usable: "+s.CUDAProblem+" (forger setup --cuda fetches what is missing)")
	case len(s.CUDADevices) == 0:
		line("CUDA", "no device")
	default:
		for i, name := range s.CUDADevices {
			line(fmt.Sprintf("cuda:%d", i), name)
		}
		line("CUDA runtime", s.CUDARuntime)
		line("cuDNN", s.CuDNN)
	}
}
