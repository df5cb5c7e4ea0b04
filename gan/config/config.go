// Package config derives everything about a system's settings from one Go struct:
//
//	type Config struct {
//		Size int     `default:"64" help:"picture side in pixels"`
//		LR   float64 `default:"0.0002" help:"learning rate of both Adams"`
//	}
//
// Field names become flags and JSON keys (Size: size, BNEval: bn-eval), tags give defaults and help.
// Fields may be int, float64, bool or string; `choices:"a,b"` limits a string.
package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Field is one setting of a struct.
type Field struct {
	Name    string // as a flag: learning-rate
	Help    string
	Default string
	Choices []string // of a string that is limited to them
	Bool    bool

	value reflect.Value
}

// Fields lists the settings of the struct that config points to.
func Fields(config any) []Field {
	v := reflect.ValueOf(config).Elem()
	var out []Field
	for i := range v.NumField() {
		f := v.Type().Field(i)
		field := Field{Name: flagName(f.Name), Help: f.Tag.Get("help"), Default: f.Tag.Get("default"), value: v.Field(i)}
		if c := f.Tag.Get("choices"); c != "" {
			field.Choices = strings.Split(c, ",")
		}
		field.Bool = f.Type.Kind() == reflect.Bool
		if field.Bool && field.Default == "" {
			field.Default = "false"
		}
		out = append(out, field)
	}
	return out
}

// flagName turns LearningRate into learning-rate, BNEval into bn-eval and LR into lr.
func flagName(s string) string {
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		startsWord := i > 0 && unicode.IsUpper(r) &&
			(unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if startsWord {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// String is the present value.
func (f Field) String() string { return fmt.Sprint(f.value.Interface()) }

// Set parses text into the field. The error names the flag and what it takes.
func (f Field) Set(text string) error {
	var err error
	switch f.value.Kind() {
	case reflect.Int:
		var n int64
		if n, err = strconv.ParseInt(text, 10, 64); err == nil {
			f.value.SetInt(n)
			return nil
		}
		return fmt.Errorf("--%s takes a whole number, not %q", f.Name, text)
	case reflect.Float64:
		var x float64
		if x, err = strconv.ParseFloat(text, 64); err == nil {
			f.value.SetFloat(x)
			return nil
		}
		return fmt.Errorf("--%s takes a number, not %q", f.Name, text)
	case reflect.Bool:
		var b bool
		if b, err = strconv.ParseBool(text); err == nil {
			f.value.SetBool(b)
			return nil
		}
		return fmt.Errorf("--%s takes true or false, not %q", f.Name, text)
	case reflect.String:
		if f.Choices != nil && !slices.Contains(f.Choices, text) {
			return fmt.Errorf("--%s takes %s, not %q", f.Name, strings.Join(f.Choices, " or "), text)
		}
		f.value.SetString(text)
		return nil
	}
	panic(fmt.Sprintf("config: field %s has type %s, which has no flag", f.Name, f.value.Type()))
}

// SetDefaults gives every field of config that is zero its default.
func SetDefaults(config any) {
	for _, f := range Fields(config) {
		if f.value.IsZero() && f.Default != "" {
			if err := f.Set(f.Default); err != nil {
				panic("config: bad default: " + err.Error())
			}
		}
	}
}

// Marshal is config as JSON with flag names as keys, in the order of the fields.
func Marshal(config any) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range Fields(config) {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.value.Interface())
		if err != nil {
			panic(err) // numbers, strings and booleans always marshal, NaN aside, which Set cannot make useful
		}
		fmt.Fprintf(&b, "%q:%s", f.Name, value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// Unmarshal reads what Marshal wrote. A key that config lacks is an error that names it; a field
// that the text lacks takes its default.
func Unmarshal(text []byte, config any) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	for _, f := range Fields(config) {
		raw, ok := values[f.Name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, f.value.Addr().Interface()); err != nil {
			return fmt.Errorf("setting %q: %w", f.Name, err)
		}
		delete(values, f.Name)
	}
	for name := range values {
		return fmt.Errorf("there is no setting %q", name)
	}
	return nil
}

// Difference is a setting in which two configurations differ.
type Difference struct {
	Name, Was, Is string
}

// Diff lists the settings in which two values of one struct differ.
func Diff(was, is any) []Difference {
	var out []Difference
	now := Fields(is)
	for i, f := range Fields(was) {
		if a, b := f.String(), now[i].String(); a != b {
			out = append(out, Difference{f.Name, a, b})
		}
	}
	return out
}
