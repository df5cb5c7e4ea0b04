package vision

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"

	"github.com/forgergan/forger/torch/vision/internal/jpeg"
)

// MaxPixels is the largest picture that is decoded, Pillow's limit. Beyond the first million pixels a file may not
// announce more than its format can hold in its bytes either: so a tiny file cannot make the decoder allocate gigabytes.
const MaxPixels = 178956970

// A format is one kind of file: its name, its first bytes, the pixels that a byte of it can stand for at most, and the
// two functions of its decoder. An error of theirs says what is wrong, or is io.ErrUnexpectedEOF.
type format struct {
	name    string
	is      func(data []byte) bool
	density int64
	config  func(data []byte) (w, h int, err error)
	decode  func(data []byte) (*Image, error)
}

const deflated = 8256 // pixels a byte: deflate makes 1032 bytes of one, a byte holds 8 pixels

var formats = []format{
	{"PNG", isPNG, deflated, config(png.DecodeConfig), decoder(png.Decode)},
	{"JPEG", begins("\xff\xd8\xff"), 512, jpeg.Config, decodeJPEG}, // a block of 64 pixels takes a bit
	{"WebP", func(b []byte) bool { return begins("RIFF")(b) && len(b) >= 12 && string(b[8:12]) == "WEBP" }, deflated,
		config(webp.DecodeConfig), decoder(webp.Decode)},
	{"GIF", begins("GIF8"), 1 << 12, config(gif.DecodeConfig), decodeGIF}, // a code of 9 bits stands for up to 4096 pixels
	{"BMP", begins("BM"), 8, config(bmp.DecodeConfig), decoder(bmp.Decode)},
}

// config and decoder bring the decoders of the standard library to the form of the table.
func config(read func(io.Reader) (image.Config, error)) func([]byte) (w, h int, err error) {
	return func(data []byte) (w, h int, err error) {
		c, err := read(bytes.NewReader(data))
		return c.Width, c.Height, err
	}
}

func decoder(read func(io.Reader) (image.Image, error)) func([]byte) (*Image, error) {
	return func(data []byte) (*Image, error) {
		im, err := read(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return fromNative(im), nil
	}
}

var isPNG = begins("\x89PNG\r\n\x1a\n")

// foreign are kinds that people have and that are refused by name.
var foreign = []struct {
	name, magic string
	at          int
}{
	{"TIFF", "II*\x00", 0}, {"TIFF", "MM\x00*", 0}, {"HEIF or AVIF", "ftyp", 4}, {"SVG", "<svg", 0},
}

func begins(magic string) func([]byte) bool {
	return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
}

// Decode reads a PNG, JPEG, WebP, GIF (its first picture) or BMP file, recognised by its content, in mode m. Samples of
// 16 bits keep the high byte. An EXIF orientation is not applied, as in Pillow: see [Orientation] and [Image.Upright].
// The error is one sentence with the path and what is wrong: missing, empty, cut off, not a picture, damaged, too large.
func Decode(path string, m Mode) (*Image, error) {
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	return DecodeBytes(path, data, m)
}

// Read returns the bytes of a picture's file for [DecodeBytes] and [Orientation]. Its error is one sentence with the path.
func Read(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("picture %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("picture %s cannot be read: %w", path, err)
	}
	return data, nil
}

// DecodeBytes is [Decode] on the content of a file; name stands in the error.
func DecodeBytes(name string, data []byte, m Mode) (*Image, error) {
	im, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("picture %s %w", name, err)
	}
	if m != Native && im.C != int(m) {
		im = im.Convert(m)
	}
	return im, nil
}

// decode returns the picture in the channels of the file. Its errors complete a sentence that begins with a name.
func decode(data []byte) (im *Image, err error) {
	f, err := recognise(data)
	if err != nil {
		return nil, err
	}
	defer func() {
		// A decoder that trips over a hostile file must not take the training down.
		if r := recover(); r != nil {
			im, err = nil, fmt.Errorf("is a damaged %s file (%v)", f.name, r)
		}
	}()
	if im, err = f.decode(data); err != nil {
		return nil, f.explain(err, len(data))
	}
	return im, nil
}

// recognise returns the format of a file whose announced size can be true.
func recognise(data []byte) (f format, err error) {
	if f, err = sniff(data); err != nil {
		return format{}, err
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is a damaged %s file (%v)", f.name, r)
		}
	}()
	w, h, err := f.config(data)
	if err != nil {
		return format{}, f.explain(err, len(data))
	}
	if w < 1 || h < 1 {
		return format{}, fmt.Errorf("is a damaged %s file (it announces %d x %d pixels)", f.name, w, h)
	}
	if pixels := int64(w) * int64(h); pixels > MaxPixels || pixels > 1<<20+f.density*int64(len(data)) {
		return format{}, fmt.Errorf("announces %d x %d pixels in %d bytes: refused as too large", w, h, len(data))
	}
	return f, nil
}

func sniff(data []byte) (format, error) {
	if len(data) == 0 {
		return format{}, errors.New("is an empty file")
	}
	for _, f := range formats {
		if f.is(data) {
			return f, nil
		}
	}
	for _, f := range foreign {
		if len(data) > f.at && begins(f.magic)(data[f.at:]) {
			return format{}, fmt.Errorf("is a %s file: convert it to PNG, JPEG or WebP", f.name)
		}
	}
	return format{}, fmt.Errorf("is not a PNG, JPEG, WebP, GIF or BMP file (it begins with %q)", data[:min(len(data), 16)])
}

func (f format) explain(err error, size int) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || strings.HasSuffix(err.Error(), "EOF") { // image/gif does not wrap
		return fmt.Errorf("is cut off: the %s data end after %d bytes", f.name, size)
	}
	if errors.Is(err, png.UnsupportedError("dimension overflow")) {
		return fmt.Errorf("announces more pixels than can be held in %d bytes: refused as too large", size)
	}
	var unsupportedPNG png.UnsupportedError
	var unsupportedJPEG jpeg.UnsupportedError
	if errors.As(err, &unsupportedPNG) || errors.As(err, &unsupportedJPEG) || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("is a %s file of a kind that is not read (%w): store it again as 8-bit RGB", f.name, err)
	}
	return fmt.Errorf("is a damaged %s file (%w)", f.name, err)
}
