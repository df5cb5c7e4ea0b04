package native

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestSourcesHaveTheBuildAtTheirRoot(t *testing.T) {
	_, err := fs.Stat(Sources(), "CMakeLists.txt")
	require.NoError(t, err)
	require.Len(t, Stamp(), 64)
	require.Equal(t, stamp(Sources()), Stamp())
}

func TestTheStampFollowsNamesAndContents(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	base := stamp(fstest.MapFS{"CMakeLists.txt": file("c"), "a.cc": file("1"), "b.h": file("2")})
	list := fmt.Sprintf("%x  CMakeLists.txt\n%x  a.cc\n%x  b.h\n",
		sha256.Sum256([]byte("c")), sha256.Sum256([]byte("1")), sha256.Sum256([]byte("2")))
	require.Equal(t, fmt.Sprintf("%x", sha256.Sum256([]byte(list))), base)
	require.Equal(t, base, stamp(fstest.MapFS{"CMakeLists.txt": file("c"), "a.cc": file("1"), "b.h": file("2"), "a.cc~": file("old")}))
	require.NotEqual(t, base, stamp(fstest.MapFS{"CMakeLists.txt": file("c"), "a.cc": file("1"), "b.h": file("3")}))
	require.NotEqual(t, base, stamp(fstest.MapFS{"CMakeLists.txt": file("c"), "a.cc": file("1"), "c.h": file("2")}))
}
