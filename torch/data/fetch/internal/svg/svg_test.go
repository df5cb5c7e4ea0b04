package svg

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// document wraps a body in a view box of 8 x 8.
func document(body string) []byte {
	return fmt.Appendf(nil, `<svg viewBox="0 0 8 8" xmlns="http://www.w3.org/2000/svg">%s</svg>`, body)
}

func TestShapesCoverTheirPixels(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want [4]string // of the pixels of a 4 x 4 picture: black #, white ., between +
	}{
		"rectangle":           {`<rect x="2" y="2" width="4" height="4"/>`, [4]string{"....", ".##.", ".##.", "...."}},
		"half a pixel":        {`<rect x="2" y="2" width="3" height="4"/>`, [4]string{"....", ".#+.", ".#+.", "...."}},
		"relative path":       {`<path d="m2,2h4v4h-4z"/>`, [4]string{"....", ".##.", ".##.", "...."}},
		"numbers without gap": {`<path d="M2 2l4-0 0 4.0-4.0.0z"/>`, [4]string{"....", ".##.", ".##.", "...."}},
		"even-odd hole":       {`<path fill-rule="evenodd" d="M0 0H8V8H0zM2 2H6V6H2z"/>`, [4]string{"####", "#..#", "#..#", "####"}},
		"non-zero, no hole":   {`<path d="M0 0H8V8H0zM2 2H6V6H2z"/>`, [4]string{"####", "####", "####", "####"}},
		"line, butt ends":     {`<line x1="2" y1="4" x2="6" y2="4" stroke="#000" stroke-width="4"/>`, [4]string{"....", ".##.", ".##.", "...."}},
		"line, square ends":   {`<path d="M4 4h0" stroke="#000" stroke-width="4" stroke-linecap="square"/>`, [4]string{"....", ".##.", ".##.", "...."}},
		"mitred frame":        {`<rect x="1" y="1" width="6" height="6" fill="none" stroke="#000" stroke-width="2"/>`, [4]string{"####", "#..#", "#..#", "####"}},
		"transform":           {`<g transform="translate(4 4) rotate(90)"><rect width="4" height="4"/></g>`, [4]string{"....", "....", "##..", "##.."}},
		"dashes":              {`<path d="M0 1H8" stroke="#000" stroke-width="2" stroke-dasharray="2"/>`, [4]string{"#.#.", "....", "....", "...."}},
		"not shown":           {`<rect width="8" height="8" display="none"/><defs><rect width="8" height="8"/></defs>`, [4]string{"....", "....", "....", "...."}},
		"opacity":             {`<rect width="2" height="2" opacity="0.5"/>`, [4]string{"+...", "....", "....", "...."}},
	} {
		im, err := Render(name, document(c.body), 4)
		require.NoError(t, err, name)
		var got [4]string
		for i := range 16 {
			switch v := im.Pix[3*i]; {
			case v < 3:
				got[i/4] += "#"
			case v > 252:
				got[i/4] += "."
			default:
				require.InDelta(t, 127.5, float64(v), 2, name)
				got[i/4] += "+"
			}
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestRoundThingsHaveTheirArea(t *testing.T) {
	for name, body := range map[string]string{
		"circle":      `<circle cx="4" cy="4" r="3"/>`,
		"arcs":        `<path d="M1 4a3 3 0 0 1 6 0a3,3,0,0,1-6,0"/>`,
		"packed arcs": `<path d="M1 4a3 3 0 016 0a3 3 0 01-6 0"/>`,
		"round dot":   `<path d="M4 4h0" stroke="#000" stroke-width="6" stroke-linecap="round"/>`,
		"curves":      `<path d="M1 4C1 2.343 2.343 1 4 1S7 2.343 7 4S5.657 7 4 7S1 5.657 1 4z"/>`,
		"rounded":     `<rect x="1" y="1" width="6" height="6" rx="3"/>`,
	} {
		im, err := Render(name, document(body), 64)
		require.NoError(t, err, name)
		area := 0.0
		for i := 0; i < len(im.Pix); i += 3 {
			area += 1 - float64(im.Pix[i])/255
		}
		require.InDelta(t, 3.14159*9*64, area, 3, name)
	}
}

func TestWhatCannotBeDrawnIsAnError(t *testing.T) {
	for problem, text := range map[string]string{
		"<text>: this element":    string(document(`<text>a</text>`)),
		"the colour \"url(#a)\"":  string(document(`<path fill="url(#a)"/>`)),
		"a style attribute":       string(document(`<path style="fill:red"/>`)),
		"there is no command 'X'": string(document(`<path d="M0 0X"/>`)),
		"a number is missing":     string(document(`<path d="M0 0L1"/>`)),
		"begin with a move":       string(document(`<path d="L1 1"/>`)),
		"is too large":            string(document(`<path d="M1e9 0"/>`)),
		"no view box":             `<svg/>`,
		"no SVG document":         `<html/>`,
		"EOF":                     `<svg viewBox="0 0 8 8"><g>`,
	} {
		_, err := Render("x.svg", []byte(text), 8)
		require.ErrorContains(t, err, problem)
	}
}

func FuzzRender(f *testing.F) {
	f.Add(document(`<g transform="scale(2)"><path d="M1 1c1 2 3 4 5 6s1-1 2-2a3 3 0 01-6 0z" stroke="#f00" stroke-dasharray="1 2"/></g>`))
	f.Add(document(`<rect x="1" width="6" height="6" rx="3"/><ellipse cx="4" cy="4" rx="2" ry="1"/><polygon points="1 2 3 4 5 6"/>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = Render("x.svg", text, 16)
	})
}
