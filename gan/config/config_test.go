package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/config"
)

type settings struct {
	Size         int     `default:"64" help:"picture side in pixels"`
	LR           float64 `default:"0.0002" help:"learning rate"`
	Beta1        float64 `default:"0.5"`
	BNEval       bool    `help:"use running statistics"`
	Loss         string  `default:"hinge" choices:"hinge,wasserstein"`
	LearningRate float64
	UseEMA       bool `default:"true"`
	Note         string
}

func field(t *testing.T, of any, name string) config.Field {
	for _, f := range config.Fields(of) {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no field %s", name)
	return config.Field{}
}

func TestFlagNamesSplitWordsAndKeepAbbreviations(t *testing.T) {
	var names []string
	for _, f := range config.Fields(&settings{}) {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"size", "lr", "beta1", "bn-eval", "loss", "learning-rate", "use-ema", "note"}, names)
}

func TestAFieldKnowsItsHelpDefaultAndChoices(t *testing.T) {
	var c settings
	size := field(t, &c, "size")
	require.Equal(t, "picture side in pixels", size.Help)
	require.Equal(t, "64", size.Default)
	require.False(t, size.Bool)
	eval := field(t, &c, "bn-eval")
	require.True(t, eval.Bool)
	require.Equal(t, "false", eval.Default)
	require.Equal(t, []string{"hinge", "wasserstein"}, field(t, &c, "loss").Choices)
}

func TestDefaultsFillWhatIsZeroOnly(t *testing.T) {
	c := settings{Size: 32, Loss: "wasserstein"}
	config.SetDefaults(&c)
	require.Equal(t, settings{Size: 32, LR: 0.0002, Beta1: 0.5, Loss: "wasserstein", UseEMA: true}, c)
}

func TestSetParsesIntoTheField(t *testing.T) {
	var c settings
	for name, text := range map[string]string{
		"size": "128", "lr": "1e-3", "bn-eval": "true", "loss": "wasserstein", "learning-rate": "0", "note": "",
	} {
		require.NoError(t, field(t, &c, name).Set(text), name)
	}
	require.Equal(t, settings{Size: 128, LR: 1e-3, BNEval: true, Loss: "wasserstein"}, c)
	require.Equal(t, "0.001", field(t, &c, "lr").String())
}

func TestSetNamesTheFlagAndWhatItTakes(t *testing.T) {
	for _, test := range [][3]string{
		{"size", "64.5", `--size takes a whole number, not "64.5"`},
		{"size", "99999999999999999999", `--size takes a whole number, not "99999999999999999999"`},
		{"lr", "fast", `--lr takes a number, not "fast"`},
		{"lr", "NaN", `--lr takes a number, not "NaN"`},
		{"lr", "-inf", `--lr takes a number, not "-inf"`},
		{"bn-eval", "maybe", `--bn-eval takes true or false, not "maybe"`},
		{"loss", "l2", `--loss takes hinge or wasserstein, not "l2"`},
		{"beta1", "0", `--beta1 cannot be "0", which stands for its default 0.5`},
		{"use-ema", "false", `--use-ema cannot be "false", which stands for its default true`},
	} {
		c := settings{Size: 1, LR: 2, Loss: "hinge"}
		before := c
		require.EqualError(t, field(t, &c, test[0]).Set(test[1]), test[2])
		require.Equal(t, before, c)
	}
}

func TestMarshalKeepsTheOrderOfTheFieldsAndComesBack(t *testing.T) {
	c := settings{Size: 32, Beta1: 1e-7, Note: "a \"b\"\n\u2028", BNEval: true}
	config.SetDefaults(&c)
	text := config.Marshal(&c)
	require.Equal(t, `{"size":32,"lr":0.0002,"beta1":1e-7,"bn-eval":true,"loss":"hinge","learning-rate":0,"use-ema":true,"note":"a \"b\"\n\u2028"}`, string(text))
	back := settings{LearningRate: 3}
	require.NoError(t, config.Unmarshal(text, &back))
	require.Equal(t, c, back, "what was there before is gone")
}

func TestUnmarshalFillsInDefaults(t *testing.T) {
	var c settings
	require.NoError(t, config.Unmarshal([]byte(`{"size":16,"lr":0}`), &c))
	require.Equal(t, settings{Size: 16, LR: 0.0002, Beta1: 0.5, Loss: "hinge", UseEMA: true}, c)
}

func TestUnmarshalRefusesWithTheNameOfTheSettingAndChangesNothing(t *testing.T) {
	for text, message := range map[string]string{
		`{"size":32,"width":1,"depth":2}`: `there is no setting "depth"`,
		`{"Size":32}`:                     `there is no setting "Size"`,
		`{"size":"big"}`:                  `setting "size" is "big", not a whole number`,
		`{"size":1.5}`:                    `setting "size" is 1.5, not a whole number`,
		`{"lr":true}`:                     `setting "lr" is true, not a number`,
		`{"lr":1e999}`:                    `setting "lr" is 1e999, not a number`,
		`{"bn-eval":1}`:                   `setting "bn-eval" is 1, not true or false`,
		`{"note":[]}`:                     `setting "note" is [], not text`,
		`{"loss":"l2"}`:                   `--loss takes hinge or wasserstein, not "l2"`,
		`[]`:                              `the settings are not a JSON object`,
		`{`:                               `the settings are not a JSON object`,
	} {
		c := settings{Size: 7, Note: "mine"}
		require.ErrorContains(t, config.Unmarshal([]byte(text), &c), message)
		require.Equal(t, settings{Size: 7, Note: "mine"}, c, text)
	}
}

func TestDiffListsWhatDiffersInTheOrderOfTheFields(t *testing.T) {
	was, is := settings{Size: 64, LR: 1e-4, Note: "a"}, settings{Size: 32, LR: 1e-4, Note: "b", BNEval: true}
	require.Equal(t, []config.Difference{
		{Name: "size", Was: "64", Is: "32"}, {Name: "bn-eval", Was: "false", Is: "true"}, {Name: "note", Was: "a", Is: "b"},
	}, config.Diff(&was, &is))
	require.Empty(t, config.Diff(&was, &was))
}

func TestAFieldOfAnotherTypeIsAMistakeOfTheProgram(t *testing.T) {
	c := struct{ Sizes []int }{}
	require.PanicsWithValue(t, "config: field sizes has type []int, which has no flag", func() { _ = config.Fields(&c)[0].Set("1") })
	bad := struct {
		Size int `default:"big"`
	}{}
	require.Panics(t, func() { config.SetDefaults(&bad) })
}

func TestAPointerTellsZeroFromTheDefault(t *testing.T) {
	type settings struct {
		Beta1 *float64 `default:"0.5"`
		EMA   *bool    `default:"true"`
	}
	var c settings
	require.Empty(t, field(t, &c, "beta1").String())
	require.True(t, field(t, &c, "ema").Bool)
	config.SetDefaults(&c)
	require.Equal(t, settings{new(0.5), new(true)}, c)

	was := c
	require.NoError(t, field(t, &c, "beta1").Set("0"))
	require.NoError(t, field(t, &c, "ema").Set("false"))
	require.Equal(t, settings{new(0.0), new(false)}, c)
	require.Equal(t, 0.5, *was.Beta1, "a copy keeps its own value")
	require.Equal(t, []config.Difference{{"beta1", "0.5", "0"}, {"ema", "true", "false"}}, config.Diff(&was, &c))

	text := config.Marshal(&c)
	require.Equal(t, `{"beta1":0,"ema":false}`, string(text))
	var back settings
	require.NoError(t, config.Unmarshal(text, &back))
	require.Equal(t, c, back)
	require.ErrorContains(t, config.Unmarshal([]byte(`{"beta1":"big"}`), &back), `setting "beta1" is "big", not a number`)
	require.NoError(t, config.Unmarshal([]byte(`{"ema":null}`), &back))
	require.Equal(t, settings{new(0.5), new(true)}, back)
}
