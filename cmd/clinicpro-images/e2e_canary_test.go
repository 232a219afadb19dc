//go:build linux

package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The synthetic patient of the end-to-end tests.
const (
	patientName  = "Aroha Testperson"
	patientNHI   = "ZZZ0016"
	patientBirth = "01/02/1980"
)

// marks are the bytes that must never be outside the agent's memory and the
// practice folder: the patient, in every form a program might write, and the
// beginnings of a plain JPEG.
var marks = []struct{ name, bytes string }{
	{"the patient's first name", "aroha"},
	{"the patient's last name", "testperson"},
	{"the NHI", "zzz0016"},
	{"the birth date", "1980-02-01"},
	{"the birth date", "01/02/1980"},
	{"the birth date", "1 feb 1980"},
	{"a plain JPEG", "\xff\xd8\xff\xe0\x00\x10jfif"},
	{"a plain JPEG's EXIF", "\xff\xe1exif\x00\x00"},
	{"the camera's name", strings.ToLower(cameraMake)},
}

// find names every mark in raw; extra are stretches of the filed pictures.
func find(raw []byte, extra [][]byte) []string {
	var out []string
	low := lower(raw)
	narrow := bytes.ReplaceAll(low, []byte{0}, nil) // UTF-16 as ASCII
	for _, m := range marks {
		if bytes.Contains(low, []byte(m.bytes)) || bytes.Contains(narrow, []byte(m.bytes)) {
			out = append(out, m.name)
		}
	}
	for _, e := range extra {
		if bytes.Contains(raw, e) {
			out = append(out, "a filed picture")
		}
	}
	return out
}

// lower lowers ASCII letters only: bytes.ToLower would rewrite whatever is not
// UTF-8, and with it the beginning of a JPEG.
func lower(raw []byte) []byte {
	out := bytes.Clone(raw)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// canary searches everything this desk and its phone have written, and every
// argument and environment of its processes, for the marks and for extra. The
// practice folder is left out: that is where patient and picture belong.
// input is the folder with the photos the test gives the phone.
func (d *desk) canary(t testing.TB, input string, extra [][]byte) {
	t.Helper()
	searched := 0
	look := func(where string, raw []byte) {
		searched++
		for _, what := range find(raw, extra) {
			t.Errorf("canary: %s is in %s", what, where)
		}
	}
	err := filepath.WalkDir(d.scratch, func(path string, e os.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil // a temp file that went while we looked
		case err != nil:
			return err
		case e.IsDir() && (path == d.sink || path == input):
			return filepath.SkipDir
		}
		look("the name of "+path, []byte(path))
		if !e.Type().IsRegular() {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		look(path, raw)
		return nil
	})
	if err != nil {
		t.Errorf("canary: %v", err)
	}
	files := searched

	for _, p := range d.processes() {
		look("the arguments of "+p.exe, p.args)
		look("the environment of "+p.exe, p.environ)
	}

	keys := strings.Fields(d.redis("KEYS", "*"))
	for _, key := range keys {
		look("a Redis key", []byte(key))
		var dump string
		switch kind := strings.TrimSpace(d.redis("TYPE", key)); kind {
		case "hash":
			dump = d.redis("HGETALL", key)
		case "string":
			dump = d.redis("GET", key)
		default:
			t.Errorf("canary: %s is a %s, which this test does not read", key, kind)
		}
		look("Redis's "+key, []byte(dump))
	}
	if files < 20 || len(keys) == 0 {
		t.Errorf("canary: only %d files and %d Redis keys were searched", files, len(keys))
	}
}

// stretches are bytes from the inside of each picture: compressed picture
// data, which nothing but that picture holds.
func stretches(t testing.TB, pictures []string) [][]byte {
	t.Helper()
	var out [][]byte
	for _, p := range pictures {
		raw, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []int{3, 2} {
			if at := len(raw) / part; at+32 <= len(raw) {
				out = append(out, raw[at:at+32])
			}
		}
	}
	return out
}

// A canary that never sings proves nothing.
func TestEndToEndCanarySings(t *testing.T) {
	for _, leak := range []string{
		"level=INFO patient=AROHA", `{"nhi":"zzz0016"}`, "born 1980-02-01", "T\x00e\x00s\x00t\x00P\x00e\x00r\x00s\x00o\x00n\x00",
		"....\xff\xd8\xff\xe0\x00\x10JFIF\x00", "Make=" + cameraMake,
	} {
		if len(find([]byte(leak), nil)) != 1 {
			t.Errorf("%q is not found", leak)
		}
	}
	if len(find([]byte("a stretch of a picture"), [][]byte{[]byte("stretch")})) != 1 {
		t.Error("a filed picture's bytes are not found")
	}
	if got := find([]byte("age-encryption.org/v1 landed 3"), nil); len(got) != 0 {
		t.Errorf("found %q where there is nothing", got)
	}
}
