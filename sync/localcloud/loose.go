package localcloud

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"

	"github.com/clinicpro-nz/images/sync/durable"
)

// tidyStore leaves no metadata behind an upload that failed. versitygw writes
// an object's metadata before it gives the object its name, and believes the
// metadata. An upload that fails in between, as one does that meets the
// removal of the folder which a DELETE has just emptied, would have every later
// try told "there already", and whoever asks for the object "not there", for
// ever.
type tidyStore struct {
	backend.Backend
	data, side string

	mu      sync.Mutex
	putting map[string]int // uploads under way, by object
}

func newTidyStore(b backend.Backend, data, side string) *tidyStore {
	return &tidyStore{Backend: b, data: data, side: side, putting: map[string]int{}}
}

// PutObject implements backend.Backend.
func (s *tidyStore) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if in.Bucket == nil || in.Key == nil {
		return s.Backend.PutObject(ctx, in)
	}
	name := filepath.Join(*in.Bucket, *in.Key)
	s.mu.Lock()
	s.putting[name]++
	s.mu.Unlock()
	out, err := s.Backend.PutObject(ctx, in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.putting[name]--; s.putting[name] > 0 {
		return out, err // the other one may be between metadata and name
	}
	delete(s.putting, name)
	if err != nil {
		_ = dropLooseOne(s.data, s.side, name) // what stays goes with the next try, or the next start
	}
	return out, err
}

// dropLoose removes what a killed upload left of any object.
func dropLoose(data, side string) error {
	objects := filepath.Join(side, bucket, "temp")
	return filepath.WalkDir(objects, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !e.IsDir() || !strings.HasSuffix(path, ".age"):
			return nil
		}
		name, err := filepath.Rel(side, path)
		if err == nil {
			err = dropLooseOne(data, side, name)
		}
		if err != nil {
			return err
		}
		return fs.SkipDir
	})
}

// dropLooseOne removes the metadata of an object that is not there; name is
// its bucket and key. No upload of it may be under way.
func dropLooseOne(data, side, name string) error {
	if !filepath.IsLocal(name) || !strings.HasSuffix(name, ".age") {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(data, name)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return durable.RemoveTree(filepath.Join(side, name))
}
