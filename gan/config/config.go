// Package config derives everything about a system's settings from one Go struct:
//
//	type Config struct {
//		Size int     `default:"64" help:"picture side in pixels"`
//		LR   float64 `default:"0.0002" help:"learning rate of both Adams"`
//	}
//
// Field names become flags and JSON keys (Size: size, BNEval: bn-eval), tags give defaults and help.
// Fields may be int, float64, bool or string; `choices:"a,b"` limits a string. The zero value of a
// field stands for its default, so that a literal names only what differs. Where zero is a setting of
// its own, the field is a pointer, and nil stands for the default:
//
//	Beta1 *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"` // new(0.0) for none
package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
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
		field.Bool = field.typ().Kind() == reflect.Bool
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

// String is the present value, "" for a pointer that is nil.
func (f Field) String() string {
	v := f.value
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

// typ is the type of the setting itself.
func (f Field) typ() reflect.Type {
	if t := f.value.Type(); t.Kind() != reflect.Pointer {
		return t
	}
	return f.value.Type().Elem()
}

// Set parses text into the field. The error names the flag and what it takes. Zero is refused where it would stand for
// another default.
func (f Field) Set(text string) error {
	v, err := f.parse(text)
	if err != nil {
		return err
	}
	if f.value.Kind() == reflect.Pointer {
		p := reflect.New(f.typ())
		p.Elem().Set(v)
		f.value.Set(p)
		return nil
	}
	if v.IsZero() && f.Default != "" {
		if d, err := f.parse(f.Default); err == nil && !d.IsZero() {
			return fmt.Errorf("--%s cannot be %q, which stands for its default %s", f.Name, text, f.Default)
		}
	}
	f.value.Set(v)
	return nil
}

// parse reads a value of the field's type.
func (f Field) parse(text string) (v reflect.Value, err error) {
	v = reflect.New(f.typ()).Elem()
	switch v.Kind() {
	case reflect.Int:
		n, err := strconv.ParseInt(text, 10, strconv.IntSize)
		if err != nil {
			return v, fmt.Errorf("--%s takes a whole number, not %q", f.Name, text)
		}
		v.SetInt(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return v, fmt.Errorf("--%s takes a number, not %q", f.Name, text)
		}
		v.SetFloat(x)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return v, fmt.Errorf("--%s takes true or false, not %q", f.Name, text)
		}
		v.SetBool(b)
	case reflect.String:
		if f.Choices != nil && !slices.Contains(f.Choices, text) {
			return v, fmt.Errorf("--%s takes %s, not %q", f.Name, strings.Join(f.Choices, " or "), text)
		}
		v.SetString(text)
	default:
		panic(fmt.Sprintf("config: field %s has type %s, which has no flag", f.Name, v.Type()))
	}
	return v, nil
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
			panic(err) // finite numbers, strings and booleans always marshal
		}
		fmt.Fprintf(&b, "%q:%s", f.Name, value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// Unmarshal reads what Marshal wrote: a field that the text lacks, or that is zero there, takes its default. A key that
// config lacks, or a value that the field does not take, is an error that names it and leaves config as it was.
func Unmarshal(text []byte, config any) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return fmt.Errorf("the settings are not a JSON object: %w", err)
	}
	read := reflect.New(reflect.TypeOf(config).Elem())
	for _, f := range Fields(read.Interface()) {
		raw, ok := values[f.Name]
		delete(values, f.Name)
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, f.value.Addr().Interface()); err != nil {
			return fmt.Errorf("setting %q is %s, not %s", f.Name, raw, kindNames[f.typ().Kind()])
		}
		if f.Choices != nil && !f.value.IsZero() {
			if _, err := f.parse(f.String()); err != nil {
				return err
			}
		}
	}
	if len(values) > 0 {
		return fmt.Errorf("there is no setting %q", slices.Min(slices.Collect(maps.Keys(values))))
	}
	SetDefaults(read.Interface())
	reflect.ValueOf(config).Elem().Set(read.Elem())
	return nil
}

var kindNames = map[reflect.Kind]string{
	reflect.Int: "a whole number", reflect.Float64: "a number", reflect.Bool: "true or false", reflect.String: "text",
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
