// Package versions compares the versions of packages, and finds the newest of
// those that an installer has put beside each other, each into a folder named
// by its version.
package versions

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Newer reports whether version a is newer than b; false when either is no
// version.
func Newer(a, b string) bool {
	x, okA := Numbers(a)
	y, okB := Numbers(b)
	if !okA || !okB {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return x[i] > y[i]
		}
	}
	return false
}

// Numbers are the three of a version like 1.20.3.
func Numbers(version string) (out [3]int, ok bool) {
	parts := strings.Split(version, ".")
	if len(parts) != len(out) {
		return out, false
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 65535 || strconv.Itoa(n) != p {
			return out, false
		}
		out[i] = n
	}
	return out, true
}

// Newest is the folder in root that is named by the highest version and holds
// every one of files, none of them empty; "" when there is none.
func Newest(root string, files ...string) string {
	entries, err := os.ReadDir(root)
	if err != nil {
		return ""
	}
	best := ""
	for _, e := range entries {
		_, versioned := Numbers(e.Name())
		if e.IsDir() && versioned && (best == "" || Newer(e.Name(), best)) && holds(filepath.Join(root, e.Name()), files) {
			best = e.Name()
		}
	}
	if best == "" {
		return ""
	}
	return filepath.Join(root, best)
}

func holds(dir string, files []string) bool {
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return false
		}
	}
	return true
}
