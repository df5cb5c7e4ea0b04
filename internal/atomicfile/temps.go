package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// tempPattern matches what tempName makes; its group is the process number.
var tempPattern = regexp.MustCompile(`^\..*\.forger-([0-9]+)-[0-9a-f]{8}\.tmp$`)

// tempName is the name of a temporary file for base: hidden, and the folder of base can be searched for it. A long
// base is cut, so that the name stays within the 255 bytes of a file name.
func tempName(base string, pid int, unique uint32) string {
	base = strings.ToValidUTF8(base[:min(len(base), 200)], "")
	return fmt.Sprintf(".%s.forger-%d-%08x.tmp", base, pid, unique)
}

// CleanTemps removes the temporary files that killed processes left in a folder and returns their paths. Files that
// another save, of this process or another, is writing at the moment stay. Subfolders are not searched.
func CleanTemps(dir string) (removed []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		match := tempPattern.FindStringSubmatch(entry.Name())
		if match == nil || !entry.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		gone, err := removeStale(path, match[1])
		if err != nil {
			return removed, fmt.Errorf("cleaning up %s: %w", path, err)
		}
		if gone {
			removed = append(removed, path)
		}
	}
	return removed, nil
}

// removeStale removes a temporary file unless its writer lives.
func removeStale(path, pid string) (removed bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) { // its save has ended meanwhile
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	switch err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
	case errors.Is(err, syscall.EWOULDBLOCK):
		return false, nil
	case alive(pid): // no locks on this file system
		return false, nil
	}
	// The save may have ended since the folder was listed, in which case the open file is the saved one and the name
	// is gone.
	err = os.Remove(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && syscall.Kill(n, 0) != syscall.ESRCH
}
