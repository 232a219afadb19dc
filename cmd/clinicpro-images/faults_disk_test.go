//go:build linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clinicpro-nz/images/app"
	"github.com/clinicpro-nz/images/ui/link"
)

const diskSize = 24 << 20

// disks are two small file systems, under the agent's state folder and under
// the practice folder, in a mount namespace of their own.
type disks struct {
	d     *desk
	enter []string // runs a program where they are
	root  string   // where they are seen from outside
}

func newDisks(d *desk) *disks {
	d.t.Helper()
	private, join := []string{"unshare", "--mount"}, []string{"nsenter", "--mount"}
	if os.Getuid() != 0 {
		private = []string{"unshare", "--user", "--map-root-user", "--mount"}
		join = []string{"nsenter", "--user", "--preserve-credentials", "--mount"}
	}
	holder := hold(d.t, "mnt", private)
	k := &disks{d: d, enter: append(join, "--target", strconv.Itoa(holder)), root: fmt.Sprintf("/proc/%d/root", holder)}
	settings, err := os.ReadFile(filepath.Join(d.data, "config.toml"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, dir := range []string{d.data, d.sink} {
		k.run("mount", "-t", "tmpfs", "-o", "mode=0700,size="+strconv.Itoa(diskSize), "tmpfs", dir)
	}
	if err := os.WriteFile(filepath.Join(k.root, d.data, "config.toml"), settings, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return k
}

// run runs a program where the disks are.
func (k *disks) run(argv ...string) {
	k.d.t.Helper()
	argv = slices.Concat(k.enter, argv)
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		k.d.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// fill leaves so many bytes free on the disk under dir, until emptied.
func (k *disks) fill(dir string, leave int64) (empty func()) {
	k.d.t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Join(k.root, dir), &st); err != nil {
		k.d.t.Fatal(err)
	}
	path := filepath.Join(k.root, dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		k.d.t.Fatal(err)
	}
	if size := int64(st.Bavail)*st.Bsize - leave; size > 0 {
		if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
			k.d.t.Fatalf("fill the disk: %v", err)
		}
	}
	_ = f.Close()
	return func() { _ = os.Remove(path) }
}

// readOnly lets nobody write below dir, until freed.
func (k *disks) readOnly(dir string) (free func()) {
	k.run("mount", "--bind", dir, dir)
	k.run("mount", "-o", "remount,bind,ro", dir)
	return func() { k.run("umount", dir) }
}

// freeRoom is room left, from none to more than a picture and its records need: each
// stops another write.
var freeRoom = []int64{0, 4 << 10, 24 << 10, 48 << 10, 72 << 10, 96 << 10, 128 << 10, 192 << 10}

// diskFaults are those of the workstation's disk and of the practice folder.
func diskFaults() []fault {
	return []fault{
		{name: "disk full as a session starts", disks: true, brief: 3 * time.Second, full: 20 * time.Second, says: saysDiskFull, play: fullAtStart},
		{name: "disk full as images land", disks: true, says: saysDiskFull, play: fullAtLanding},
		{name: "disk full as images are filed", disks: true, play: func(r *rig) { fullAtFiling(r, r.data) }},
		{name: "practice folder full as images are filed", disks: true, says: saysFolder, play: func(r *rig) { fullAtFiling(r, r.sink) }},
		{name: "spool read-only", disks: true, brief: 4 * time.Second, full: time.Minute, says: saysDiskFull, strike: func(r *rig) func() {
			return r.disks.readOnly(filepath.Join(r.data, "spool", "images"))
		}},
		{name: "spool read-only at the start", disks: true, brief: 3 * time.Second, full: time.Minute, says: saysDiskFull, play: readOnlyAtStart},
		{name: "practice folder missing", says: saysNoFolder, play: noFolder},
	}
}

func fullAtStart(r *rig) {
	empty := r.disks.fill(r.data, 0)
	r.workstation.start()
	r.see(30*time.Second, "the full disk", func(s link.Snapshot) bool { return len(s.Problems) > 0 }, func() {
		r.send(link.Input{Kind: link.InputNewSession, Confirmed: true, Patient: link.Patient{Name: patientName}})
	})
	time.Sleep(r.lasts) // full
	empty()
	r.end()
	var address app.Sealed
	r.sid, address = r.session()
	r.camera = newCamera(r.t, address, 1, nil)
	r.camera.take(2)
	r.allLanded(time.Minute)
}

// fullAtLanding lands a picture with less and less of the disk missing.
func fullAtLanding(r *rig) {
	r.begin()
	began := time.Now()
	for _, leave := range freeRoom {
		empty := r.disks.fill(r.data, leave)
		r.camera.take(1)
		stuck := r.landsOrSays(10 * time.Second)
		empty()
		r.end()
		r.allLanded(time.Minute)
		if stuck {
			r.worst = max(r.worst, r.landed.Sub(r.ended))
		}
	}
	r.lasts = time.Since(began).Round(time.Second)
	r.note = fmt.Sprintf("%d amounts of room left, from none; the slowest counts", len(freeRoom))
}

// landsOrSays waits until every picture is on the workstation, or it says
// what keeps one from it; that is what it reports.
func (r *rig) landsOrSays(within time.Duration) (stuck bool) {
	r.t.Helper()
	shots := r.camera.taken()
	r.see(within, "the picture or a sentence", func(s link.Snapshot) bool {
		stuck = len(s.Problems) > 0
		have := images(s, r.sid)
		return stuck || have != nil && !slices.ContainsFunc(shots, func(one shot) bool { return have[one.id] != app.ImageLanded && have[one.id] != app.ImageFiled })
	}, nil)
	return stuck
}

// fullAtFiling files pictures with less and less of a disk missing. Nothing
// tries again by itself: the GP presses File once there is room.
func fullAtFiling(r *rig, dir string) {
	r.begin()
	began := time.Now()
	for _, leave := range freeRoom {
		r.camera.take(1)
		r.allLanded(time.Minute)
		empty := r.disks.fill(dir, leave)
		r.send(link.Input{Kind: link.InputFileAll, SID: string(r.sid)})
		shots := r.camera.taken()
		r.see(20*time.Second, "the pictures filed, or why not", func(s link.Snapshot) bool {
			if s.SID != string(r.sid) || s.Filing != nil {
				return false
			}
			for _, im := range s.Images {
				if im.State != app.ImageFiled && im.Problem == "" {
					return len(s.Problems) > 0
				}
			}
			return len(s.Images) == len(shots)
		}, nil)
		empty()
		r.end()
		r.fileAll(time.Minute)
		r.landed = time.Now()
		r.worst = max(r.worst, r.landed.Sub(r.ended))
	}
	r.lasts = time.Since(began).Round(time.Second)
	r.note = fmt.Sprintf("%d amounts of room left, from none; to the last picture filed", len(freeRoom))
}

func readOnlyAtStart(r *rig) {
	r.begin()
	r.quit()
	r.camera.take(2)
	free := r.disks.readOnly(filepath.Join(r.data, "spool"))
	r.workstation.start()
	r.see(30*time.Second, "the read-only disk", func(s link.Snapshot) bool { return len(s.Problems) > 0 }, nil)
	time.Sleep(r.lasts) // read-only
	free()
	r.end()
	r.allLanded(time.Minute)
}

// noFolder is a network drive that is away when the GP presses File.
func noFolder(r *rig) {
	r.begin()
	r.camera.take(2)
	r.allLanded(time.Minute)
	away := r.sink + " away"
	if err := os.Rename(r.sink, away); err != nil {
		r.t.Fatal(err)
	}
	r.send(link.Input{Kind: link.InputFileAll, SID: string(r.sid)})
	r.see(20*time.Second, "the missing folder", func(s link.Snapshot) bool {
		return slices.ContainsFunc(s.Images, func(im link.Image) bool { return im.Problem == saysNoFolder })
	}, nil)
	if err := os.Rename(away, r.sink); err != nil {
		r.t.Fatal(err)
	}
	r.end()
	r.fileAll(time.Minute)
	r.landed = time.Now()
	r.note = "to the last picture filed"
}
