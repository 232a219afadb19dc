//go:build linux

package main_test

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// photoLike writes n JPEGs of 12 megapixels as a camera makes them: detail of
// every size and a sensor's grain, 4 to 6 MB each.
func photoLike(t testing.TB, dir string, n int) (paths []string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		raw := asFromCamera(skin(uint64(i)), 95)
		if len(raw) < 4_000_000 || len(raw) > 6_000_000 {
			t.Fatalf("the photo has %d bytes: not a camera's", len(raw))
		}
		path := filepath.Join(dir, fmt.Sprintf("PXL_%d.jpg", i+1))
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// skin is a picture with detail of every size, and grain.
func skin(seed uint64) image.Image {
	const w, h = 4000, 3000
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(seed, 7))
	sum := make([]float32, w*h)
	for cell, height := 1024, float32(40); cell >= 2; cell, height = cell/2, height*0.78 {
		addNoise(sum, w, h, cell, height, rnd)
	}
	for i := range sum {
		img.Y[i] = uint8(min(250, max(5, 150+sum[i]+float32(rnd.Uint32()&15)-7.5)))
	}
	for i := range img.Cb {
		at := (i/img.CStride*2)*w + i%img.CStride*2
		img.Cb[i], img.Cr[i] = uint8(112+sum[at]/8), uint8(150-sum[at]/8)
	}
	return img
}

// addNoise adds hills of a size and height, smooth between their tops.
func addNoise(sum []float32, w, h, cell int, height float32, rnd *rand.Rand) {
	across := w/cell + 2
	tops := make([]float32, across*(h/cell+2))
	for i := range tops {
		tops[i] = (rnd.Float32()*2 - 1) * height
	}
	ease := make([]float32, cell)
	for i := range ease {
		ease[i] = float32(1-math.Cos(math.Pi*float64(i)/float64(cell))) / 2
	}
	for y := range h {
		row, fy := tops[y/cell*across:], ease[y%cell]
		for x := range w {
			at, fx := x/cell, ease[x%cell]
			top := row[at] + (row[at+1]-row[at])*fx
			below := row[across+at] + (row[across+at+1]-row[across+at])*fx
			sum[y*w+x] += top + (below-top)*fy
		}
	}
}
