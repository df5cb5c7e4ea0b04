package fetch

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch/vision"
)

// The files that every converted set has beside its pictures.
const (
	manifestName = "manifest.json"
	listingName  = "SHA256SUMS"
	licencesName = "LICENCES.txt"
)

// manifest says what a converted set was made of and what it holds. It is written last.
type manifest struct {
	Set      string         `json:"set"`
	Version  string         `json:"version"` // of the conversion
	Packages []Package      `json:"packages"`
	Counts   map[string]int `json:"counts"`  // files of each folder
	Bytes    int64          `json:"bytes"`   // of all files
	Listing  string         `json:"listing"` // SHA-256 of SHA256SUMS, which has the sums of the files
}

func readManifest(dir string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// of reports whether the manifest is of this very set: same conversion, same archives.
func (m manifest) of(s Set) bool {
	return m.Set == s.Name && m.Version == s.Version &&
		slices.EqualFunc(m.Packages, s.Packages, func(a, b Package) bool { return a.Name == b.Name && a.SHA256 == b.SHA256 })
}

// stage is the folder that a conversion fills. Its methods may be called from several goroutines.
type stage struct {
	name     string
	dir      string
	packages map[string]string // folders of the unpacked packages by name
	log      func(string)
	notes    []string // for LICENCES.txt

	mu   sync.Mutex
	sums map[string]string // by slash path
	size int64
}

// build fetches the packages of the set and converts them into staged. It returns the number of files.
func (s Set) build(ctx context.Context, scratch, staged string, log func(string)) (int, error) {
	st := &stage{name: s.Name, dir: staged, packages: map[string]string{}, log: log, sums: map[string]string{}}
	for i, p := range s.Packages {
		log(fmt.Sprintf("%s: fetching the %v (%.0f MB)", s.Name, p, float64(p.Size)/1e6))
		work := filepath.Join(scratch, fmt.Sprint(i))
		if err := os.Mkdir(work, 0o755); err != nil {
			return 0, err
		}
		dir, err := p.fetch(ctx, work, log)
		if err != nil {
			return 0, err
		}
		st.packages[p.Name] = dir
	}
	if err := s.convert(ctx, st); err != nil {
		return 0, err
	}
	if err := st.licences(s); err != nil {
		return 0, err
	}
	return len(st.sums), st.finish(s)
}

// source returns the path of a file of a package.
func (st *stage) source(pkg, name string) string { return filepath.Join(st.packages[pkg], name) }

// write adds a file to the set; name has slashes.
func (st *stage) write(name string, content []byte) error {
	file := filepath.Join(st.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, twice := st.sums[name]; twice {
		return fmt.Errorf("%s is made twice", name)
	}
	st.sums[name] = hex.EncodeToString(sum[:])
	st.size += int64(len(content))
	return nil
}

// png adds a picture to the set.
func (st *stage) png(name string, im *vision.Image) error {
	var b bytes.Buffer
	if err := vision.EncodePNG(&b, im); err != nil {
		return err
	}
	return st.write(name, b.Bytes())
}

// each calls do for 0 to n-1 on all processors, until one fails or ctx ends, and tells how far it is.
func (st *stage) each(ctx context.Context, what string, n int, do func(i int) error) error {
	var next, done atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, runtime.GOMAXPROCS(0))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed <- err
					stop()
					return
				}
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			st.log(fmt.Sprintf("%s: %d of %d %s", st.name, done.Load(), n, what))
		case <-ended:
			select {
			case err := <-failed:
				return err
			default:
				return ctx.Err()
			}
		}
	}
}

// licences writes whom to credit for what, with the packages' own texts.
func (st *stage) licences(s Set) error {
	var b strings.Builder
	fmt.Fprintf(&b, "The pictures of the set %s were made from the packages below and keep their licences.\n", s.Name)
	for _, p := range s.Packages {
		fmt.Fprintf(&b, "\n%v\n  %s\n", p, p.Licence)
		if p.licenceFile == "" {
			continue
		}
		text, err := os.ReadFile(st.source(p.Name, p.licenceFile))
		if err != nil {
			return fmt.Errorf("the licence of the %v: %w", p, err)
		}
		copied := "LICENCE-" + path.Base(p.Name) + ".txt" // beside the pictures: a folder would be taken for a class of them
		fmt.Fprintf(&b, "  text: %s\n", copied)
		if err := st.write(copied, text); err != nil {
			return err
		}
	}
	for _, note := range st.notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	return st.write(licencesName, []byte(b.String()))
}

// finish writes the listing and the manifest, and brings everything onto the disk.
func (st *stage) finish(s Set) error {
	m := manifest{Set: s.Name, Version: s.Version, Packages: s.Packages, Counts: map[string]int{}, Bytes: st.size}
	var listing bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(st.sums)) {
		fmt.Fprintf(&listing, "%s  %s\n", st.sums[name], name) // as sha256sum -c reads it
		if folder := path.Dir(name); folder != "." {
			m.Counts[folder]++
		}
	}
	sum := sha256.Sum256(listing.Bytes())
	m.Listing = hex.EncodeToString(sum[:])
	if err := os.WriteFile(filepath.Join(st.dir, listingName), listing.Bytes(), 0o644); err != nil {
		return err
	}
	if err := syncFiles(st.dir); err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.WriteTo(filepath.Join(st.dir, manifestName), func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
}

// syncFiles makes sure that the files below dir survive a power cut, so that a manifest never stands over a set
// whose pictures are not there.
func syncFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return atomicfile.SyncDir(path)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// verifyListing computes the sums of all files of a converted set.
func verifyListing(s Set, dir string) error {
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	if !m.of(s) {
		return errors.New("it was made of other packages or by another version")
	}
	listing, err := os.ReadFile(filepath.Join(dir, listingName))
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(listing); hex.EncodeToString(sum[:]) != m.Listing {
		return fmt.Errorf("failed checksum: %s", listingName)
	}
	lines := bufio.NewScanner(bytes.NewReader(listing))
	for lines.Scan() {
		want, name, _ := strings.Cut(lines.Text(), "  ")
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			return fmt.Errorf("failed checksum: %s", name)
		}
	}
	return lines.Err()
}

// splitOf returns "test" for one key in ten and "train" for the others, always the same.
func splitOf(key string) string {
	h := fnv.New32a()
	h.Write([]byte(key))
	if h.Sum32()%10 == 0 {
		return "test"
	}
	return "train"
}
