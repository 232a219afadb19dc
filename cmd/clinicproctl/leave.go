package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app/config"
	"github.com/clinicpro-nz/images/sync/keyringvault"
	"github.com/clinicpro-nz/images/ui/text"
)

// leave is what an uninstaller runs before the programs go: it ends those of
// this program's own folder, and says in each state folder what is left there.
// With -purge it removes the folders and this user's keys instead.
func leave(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flagSet("leave", stderr)
	everyone := flags.Bool("everyone", false, "for every user of this computer, as far as this one may")
	purge := flags.Bool("purge", false, "remove settings, audit trail and photos that are not filed, for good")
	dir := flags.String("dir", "", "this state folder alone, not the user's own")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(stderr, "The programs' own folder cannot be found. Nothing was changed.")
		return exitFailed
	}
	endPrograms(filepath.Dir(exe))
	dirs := []string{config.DefaultDir()}
	switch {
	case *dir != "":
		dirs = []string{*dir}
	case *everyone:
		dirs = everyonesDirs()
	}
	code := exitDone
	for _, d := range dirs {
		if _, err := os.Stat(d); err != nil {
			continue // never used ClinicPro Images
		}
		if *purge {
			err = os.RemoveAll(d)
			_ = os.Remove(filepath.Dir(d)) // …\ClinicPro, once it is empty
		} else {
			err = leaveWord(d, time.Now())
		}
		if err != nil {
			fmt.Fprintf(stderr, "%s cannot be written, and was left as it is.\n", d)
			code = exitFailed
		}
	}
	if *purge && *dir == "" { // other users' keys are out of reach, and open nothing any more
		vault := keyringvault.New("", 0)
		for _, name := range []string{config.SecretRedis, config.SecretS3Key, config.SecretS3Secret, config.SecretAbly, config.SecretRelay, config.SecretALEX,
			config.SecretIdentity, config.SecretAuditHMAC, config.SecretAuditHead} {
			_ = vault.Delete(ctx, name)
		}
	}
	fmt.Fprintln(stdout, text.Uninstalled(*purge))
	return code
}

// leaveWord writes into a state folder how many photos it still holds and how
// to get at them; with none it takes an earlier such file away.
func leaveWord(dir string, now time.Time) error {
	photos := 0
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && strings.HasSuffix(path, ".age") {
			photos++
		}
		return nil // a folder that cannot be read is not counted
	})
	path := filepath.Join(dir, text.UninstalledFile)
	if photos == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	return os.WriteFile(path, []byte(text.UninstalledPhotos(photos, now)), 0o600)
}
