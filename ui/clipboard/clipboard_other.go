//go:build !windows

package clipboard

import (
	"errors"
	"image"
)

// TakesPictures: CopyImage works here.
const TakesPictures = false

func putImage(image.Image, []byte) (uint32, error) { return 0, errors.ErrUnsupported }

func clear(uint32) {}

// Text returns the text on the clipboard.
func Text() (string, error) { return "", errors.ErrUnsupported }

// SetText puts text on the clipboard.
func SetText(string) error { return errors.ErrUnsupported }
