//go:build !windows

package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// askTimeout bounds a question to the desktop.
const askTimeout = 2 * time.Second

func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

// urlHandler asks the desktop what opens clinicpro-images: links.
func urlHandler(ctx context.Context) (by string, found bool) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := bareCommand(ctx, "xdg-mime", "query", "default", "x-scheme-handler/clinicpro-images").Output()
	by = first(string(out))
	return by, err == nil && by != ""
}

// openGL asks glxinfo where there is a display; the agent itself probes when
// it opens its window.
func openGL(ctx context.Context) (by string, found bool) {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return "no display in this session", true
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := bareCommand(ctx, "glxinfo", "-B").CombinedOutput()
	if err != nil {
		if _, missing := exec.LookPath("glxinfo"); missing != nil {
			return "not asked: glxinfo is not installed", true
		}
		return "", false
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "OpenGL renderer string: "); ok {
			return rest, true
		}
	}
	return "", false
}

// bareCommand runs a program with nothing in its environment but what it needs
// to reach the desktop: no secret of ours is ever handed on.
func bareCommand(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{}
	for _, keep := range []string{"PATH", "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_DATA_HOME", "XDG_DATA_DIRS",
		"XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CURRENT_DESKTOP", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LANG"} {
		if v := os.Getenv(keep); v != "" {
			cmd.Env = append(cmd.Env, keep+"="+v)
		}
	}
	return cmd
}
