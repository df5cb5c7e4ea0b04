// Command forger trains, samples and inspects the systems of the zoo.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/torch"
)

func main() {
	// A file-size limit is then an error that names the file, not the end of the process.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the process at once
	}()
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

// run runs one command line and returns the exit code: 0, 1 for a failure, 2 for a wrong command line,
// 130 where the user ended it.
func run(ctx context.Context, args []string, out, errOut io.Writer) (code int) {
	app := newApp(out, errOut)
	err := torchTry(func() error {
		args, err := flagsFirst(app, args)
		if err != nil {
			return err
		}
		return app.RunContext(ctx, args)
	})
	if err == nil {
		return 0
	}
	code = 1
	var exit cli.ExitCoder
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case ctx.Err() != nil:
		code = 130
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(errOut, "forger:", text)
	}
	return code
}

// torchTry turns a misused tensor operation that nothing below caught into an error.
func torchTry(f func() error) (err error) {
	if e := torch.Try(func() { err = f() }); e != nil {
		return e
	}
	return err
}

const firstSteps = `forger setup                          finds or downloads what is needed
forger train dcgan --data mnist       trains; Ctrl-C saves, the same command goes on
forger sample runs/dcgan-mnist        makes pictures`

func newApp(out, errOut io.Writer) *cli.App {
	return &cli.App{
		Name:            "forger",
		Usage:           "generative adversarial networks: train, sample, inspect",
		Description:     firstSteps,
		Writer:          out,
		ErrWriter:       errOut,
		HideHelpCommand: true,

		DisableSliceFlagSeparator: true, // sentences have commas

		OnUsageError:   wrongFlag,
		ExitErrHandler: func(*cli.Context, error) {},
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "debug", Usage: "show LibTorch's whole error messages", DisableDefaultText: true},
		},
		Before: func(c *cli.Context) error {
			torch.SetDebug(c.Bool("debug") || os.Getenv("FORGER_DEBUG") != "")
			return nil
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("there is no command %q; forger --help lists them", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
		Commands: plain([]*cli.Command{
			setupCommand(), doctorCommand(), listCommand(), dataCommand(), weightsCommand(),
			trainCommand(), resumeCommand(), sampleCommand(), translateCommand(), upscaleCommand(), clusterCommand(), timelapseCommand(), evalCommand(),
			inspectCommand(), convertCommand(), benchCommand(),
		}),
	}
}

// usage is an error in the command line itself.
func usage(format string, a ...any) error { return cli.Exit(fmt.Sprintf(format, a...), 2) }

var jsonFlag = &cli.BoolFlag{Name: "json", Usage: "print one JSON object instead of text", DisableDefaultText: true}

// printJSON writes v as one JSON object.
func printJSON(c *cli.Context, v any) error {
	e := json.NewEncoder(c.App.Writer)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// oneArg is the only argument of a command.
func oneArg(c *cli.Context, what string) (string, error) {
	if c.NArg() != 1 {
		return "", usage("%s takes one %s, not %d; see forger %s --help", c.Command.Name, what, c.NArg(), c.Command.Name)
	}
	return c.Args().First(), nil
}
