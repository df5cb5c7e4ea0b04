package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves the flags of a command before its arguments, as the cli package wants them, so that
// people may write `forger sample DIR --n 64`.
func flagsFirst(app *cli.App, args []string) []string {
	commands, flags := app.Commands, app.Flags
	at := 1
	for at < len(args) {
		if strings.HasPrefix(args[at], "-") {
			at += 1 + takesNext(flags, args[at])
			continue
		}
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(args[at]) })
		if i < 0 {
			break
		}
		commands, flags = commands[i].Subcommands, commands[i].Flags
		at++
	}
	at = min(at, len(args))
	head := slices.Clone(args[:at])
	var rest []string
	for i := at; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			rest = append(rest, a)
			continue
		}
		n := min(1+takesNext(flags, a), len(args)-i)
		head = append(head, args[i:i+n]...)
		i += n - 1
	}
	return append(head, rest...)
}

// takesNext is 1 if the flag's value is the next argument.
func takesNext(flags []cli.Flag, arg string) int {
	name, _, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	if hasValue {
		return 0
	}
	for _, f := range flags {
		if _, isBool := f.(*cli.BoolFlag); !isBool && slices.Contains(f.Names(), name) {
			return 1
		}
	}
	return 0
}
