package fetch

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// volume is a picture in three dimensions of bytes, x running fastest.
type volume struct {
	nx, ny, nz int
	voxels     []uint8
}

func (v volume) at(x, y, z int) uint8 { return v.voxels[(z*v.ny+y)*v.nx+x] }

// maxVoxels is far above any volume that is read here.
const maxVoxels = 1 << 26

// readNIfTI reads a volume of bytes in one file (NIfTI-1, .nii.gz). Axes are taken as they are stored.
func readNIfTI(path string) (volume, error) {
	f, err := os.Open(path)
	if err != nil {
		return volume{}, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return volume{}, fmt.Errorf("%s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxVoxels+1<<16))
	if err != nil {
		return volume{}, fmt.Errorf("%s: %w", path, err)
	}
	v, err := parseNIfTI(text)
	if err != nil {
		return volume{}, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func parseNIfTI(text []byte) (volume, error) {
	if len(text) < 352 || !bytes.Equal(text[344:348], []byte("n+1\x00")) {
		return volume{}, errors.New("this is no NIfTI-1 volume in one file")
	}
	le := binary.LittleEndian
	if le.Uint32(text) != 348 {
		return volume{}, errors.New("the volume is big-endian, which is not supported")
	}
	var dim [8]int
	for i := range dim {
		dim[i] = int(int16(le.Uint16(text[40+2*i:])))
	}
	if dim[0] < 3 || dim[0] > 7 || dim[1] < 1 || dim[2] < 1 || dim[3] < 1 {
		return volume{}, fmt.Errorf("the volume has dimensions %v, expected three", dim)
	}
	for _, d := range dim[4 : dim[0]+1] {
		if d > 1 {
			return volume{}, fmt.Errorf("the volume has dimensions %v, expected three", dim)
		}
	}
	if kind := le.Uint16(text[70:]); kind != 2 {
		return volume{}, fmt.Errorf("the voxels are of type %d, expected 2, bytes", kind)
	}
	offset := math.Float32frombits(le.Uint32(text[108:]))
	if !(offset >= 352 && offset <= float32(len(text))) || offset != float32(int(offset)) {
		return volume{}, fmt.Errorf("the voxels cannot begin at byte %g", offset)
	}
	v := volume{nx: dim[1], ny: dim[2], nz: dim[3]}
	rest := text[int(offset):]
	if n := int64(v.nx) * int64(v.ny) * int64(v.nz); n > maxVoxels || int64(len(rest)) < n {
		return volume{}, fmt.Errorf("%d voxels are announced and %d are there", n, len(rest))
	}
	v.voxels = rest[:v.nx*v.ny*v.nz]
	return v, nil
}
