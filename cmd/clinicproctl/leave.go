package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/app/versions"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/ui/text"
)

const leaveAbout = `-json answers purged, and folders (folder; state: kept, purged, absent or failed;
photos: how many are in it that nobody has filed).`

// leave is what an uninstaller runs before the programs go: it ends those of
// this program's own folder, takes users' own entries at sign-in away, and says
// in each state folder what is left there. With -purge it removes the folders
// and this user's keys instead.
func leave(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flagSet("leave", stderr)
	everyone := flags.Bool("everyone", false, "for every user of this computer, as far as this one may")
	purge := flags.Bool("purge", false, "remove settings, audit trail and photos that are not filed, for good")
	dir := flags.String("dir", "", "this state folder alone, not the user's own")
	asJSON := flags.Bool("json", false, "answer as JSON")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(stderr, "The programs' own folder cannot be found. Nothing was changed.")
		return exitFailed
	}
	endPrograms(filepath.Dir(exe))
	own := *dir
	if own == "" {
		own = config.DefaultDir()
	}
	places := []place{{filepath.Dir(filepath.Dir(own)), filepath.Join(filepath.Base(filepath.Dir(own)), filepath.Base(own))}}
	if *everyone && *dir == "" {
		places = everyonesPlaces()
	}
	code := exitDone
	folders := []leftFolder{}
	for _, p := range places {
		left, err := p.leave(*purge, time.Now())
		if err != nil {
			fmt.Fprintf(stderr, "%s cannot be written, and was left as it is.\n", left.Folder)
			left.State, code = "failed", exitFailed
		}
		folders = append(folders, left)
	}
	if *purge && *dir == "" { // other users' keys are out of reach, and open nothing any more
		vault := keyringvault.New("", 0)
		for _, name := range []string{config.SecretRedis, config.SecretS3Key, config.SecretS3Secret, config.SecretAbly, config.SecretRelay, config.SecretALEX,
			config.SecretIdentity, config.SecretAuditHMAC, config.SecretAuditHead} {
			_ = vault.Delete(ctx, name)
		}
	}
	if *dir == "" {
		root := filepath.Dir(exe)
		if _, versioned := versions.Numbers(filepath.Base(root)); versioned {
			root = filepath.Dir(root)
		}
		forgetSignIn(root)
	}
	answer(stdout, *asJSON, map[string]any{"purged": *purge, "folders": folders}, func(w io.Writer) {
		fmt.Fprintln(w, text.Uninstalled(*purge))
	})
	return code
}

// leftFolder is what became of one state folder: "kept", "purged", "absent"
// (never there) or "failed". Photos are those in it that are not filed, as far
// as this user can read; of a purged one nobody counts them.
type leftFolder struct {
	Folder string `json:"folder"`
	State  string `json:"state"`
	Photos int    `json:"photos"`
}

// place is a state folder inside a folder of its user's. The uninstaller may
// be the system itself, and the user may have put links there: nothing outside
// home is ever touched.
type place struct{ home, dir string }

// leave does to one state folder what leave is for; one that is not there is
// no error.
func (p place) leave(purge bool, now time.Time) (leftFolder, error) {
	out := leftFolder{Folder: filepath.Join(p.home, p.dir), State: "absent"}
	root, err := os.OpenRoot(p.home)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	defer root.Close()
	folder, err := root.Stat(p.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil // never used ClinicPro Images
	}
	if err != nil {
		return out, err
	}
	if purge {
		out.State = "purged"
		err = removeAll(root, p.dir)
		if above := filepath.Dir(p.dir); filepath.Base(above) == "ClinicPro" {
			_ = root.Remove(above) // once it is empty
		}
		return out, err
	}
	out.State = "kept"
	out.Photos, err = leaveWord(root, p.dir, folder, now)
	return out, err
}

// leaveWord writes into a state folder how many photos it still holds, which
// it returns, and how to get at them; with none it takes an earlier such file
// away.
func leaveWord(root *os.Root, dir string, folder fs.FileInfo, now time.Time) (photos int, err error) {
	_ = fs.WalkDir(root.FS(), filepath.ToSlash(dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.HasSuffix(path, ".age") {
			photos++
		}
		return nil // a folder that cannot be read is not counted
	})
	path := filepath.Join(dir, text.UninstalledFile)
	if photos == 0 {
		if err := root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		return 0, nil
	}
	if err := root.WriteFile(path, []byte(text.UninstalledPhotos(photos, now)), 0o600); err != nil {
		return photos, err
	}
	return photos, giveTo(root, path, folder)
}
