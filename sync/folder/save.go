package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/sync/durable"
)

// Save writes one file whole, with the next number in its name where that is
// taken, and returns where it is. It does not wait for a share longer than ctx
// lives. Kinds are as Sink.Deliver's. The file may still come to be after
// KindOffline.
func Save(ctx context.Context, path string, body []byte) (string, error) {
	type outcome struct {
		path string
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		at, err := save(path, body)
		done <- outcome{at, err}
	}()
	select {
	case out := <-done:
		if out.err != nil {
			return "", app.E("save file", kind(out.err), bare(out.err))
		}
		return out.path, nil
	case <-ctx.Done():
		return "", app.E("save file", app.KindOffline, ctx.Err())
	}
}

func save(path string, body []byte) (string, error) {
	dir, ending := filepath.Dir(path), filepath.Ext(path)
	next, err := os.CreateTemp(dir, ".clinicpro-*.tmp")
	if err != nil {
		return "", err
	}
	_, err = next.Write(body)
	if err == nil {
		err = next.Sync()
	}
	err = errors.Join(err, next.Close())
	at := path
	for n := 1; err == nil; n++ {
		at = filepath.Join(dir, app.NumberedName(filepath.Base(path), ending, n))
		if err = moveNew(next.Name(), at); err == nil {
			return at, durable.SyncDir(dir)
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	_ = os.Remove(next.Name())
	return "", err
}
