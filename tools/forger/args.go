package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves the flags of a command before its arguments and those of the program before the command, as the cli
// package wants them, so that people may write `forger sample DIR --n 64 --debug`. A flag at the end that lacks its
// value is an error: the cli package would take an argument for it.
func flagsFirst(app *cli.App, args []string) ([]string, error) {
	commands, flags, name := app.Commands, app.Flags, app.Name
	var global, head, rest []string
	for i := 1; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i:]...)
			break
		}
		if !strings.HasPrefix(a, "-") || a == "-" {
			k := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(a) })
			switch {
			case k < 0 && len(commands) > 0 && (name == app.Name || len(flags) == 0):
				// A command that does not exist; its flags mean nothing. One with flags of its own takes a name as well.
				return slices.Concat(args[:1], head, []string{a}), nil
			case k < 0:
				rest, commands = append(rest, a), nil
				continue
			}
			name += " " + a
			commands, flags = commands[k].Subcommands, commands[k].Flags
			head = append(head, a)
			continue
		}
		if find(flags, a) == nil && find(app.Flags, a) != nil {
			global = append(global, a)
			continue
		}
		n := 1 + takesNext(flags, a)
		if i+n > len(args) {
			return nil, usage("%s lacks its value; see %s --help", a, name)
		}
		head = append(head, args[i:i+n]...)
		i += n - 1
	}
	if slices.Contains(head, "--help") || slices.Contains(head, "-h") {
		rest = nil // with an argument the cli package looks for a help topic of that name
	}
	return slices.Concat(args[:1], global, head, rest), nil
}

// takesNext is 1 if the flag's value is the next argument.
func takesNext(flags []cli.Flag, arg string) int {
	f := find(flags, arg)
	if _, isBool := f.(*cli.BoolFlag); f == nil || isBool || strings.Contains(arg, "=") {
		return 0
	}
	return 1
}

// find returns the flag that an argument names, or nil.
func find(flags []cli.Flag, arg string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// plain prepares commands and those below: no help command beside --help, and for a wrong flag one sentence in place of
// the whole help.
func plain(commands []*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.HideHelpCommand = true
		c.OnUsageError = wrongFlag
		plain(c.Subcommands)
	}
	return commands
}

// wrongFlag puts what the flag package says into the words of this program.
func wrongFlag(c *cli.Context, err error, _ bool) error {
	name := c.App.Name
	if c.Command != nil && c.Command.Name != "" {
		name = c.Command.HelpName
	}
	text := err.Error()
	if flag, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		text = "there is no flag --" + flag
	}
	var value, flag string
	if n, _ := fmt.Sscanf(text, "invalid value %q for flag -%s", &value, &flag); n == 2 {
		text = fmt.Sprintf("--%s takes a whole number, not %q", strings.TrimSuffix(flag, ":"), value)
	}
	return usage("%s; see %s --help", text, name)
}
