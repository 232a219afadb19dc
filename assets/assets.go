// Package assets holds what the programs carry inside them: the phone page as
// built from assets/phone (its dist folder is committed, and a check proves
// that it is what the source builds).
package assets

import (
	"embed"
	"io/fs"
)

//go:embed phone/dist
var phoneFiles embed.FS

// Phone returns the phone page's files rooted at dist: index.html and
// assets/<name>.<hash>.<type>. Names in assets never stand for other bytes,
// so they may be cached for ever. Safe for concurrent use.
func Phone() fs.FS {
	sub, err := fs.Sub(phoneFiles, "phone/dist")
	if err != nil {
		panic(err) // the embedded tree is fixed when the program is built
	}
	return sub
}

//go:embed launch
var launchFiles embed.FS

// Launch returns the launch page's files: launch.html, a template of
// html/template that takes the address to open or nil, launch.css, launch.js.
// Safe for concurrent use.
func Launch() fs.FS {
	sub, err := fs.Sub(launchFiles, "launch")
	if err != nil {
		panic(err) // see Phone
	}
	return sub
}

// PhonePage returns index.html, the same for every link. The caller owns the slice.
func PhonePage() []byte {
	page, err := phoneFiles.ReadFile("phone/dist/index.html")
	if err != nil {
		panic(err) // see Phone
	}
	return page
}
