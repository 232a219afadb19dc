//go:build unix

package main

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
	"time"
)

// players are the sound systems' own programs that play raw samples from
// standard input, the first that is there.
var players = [][]string{
	{"pw-cat", "--playback", "--raw", "--rate", strconv.Itoa(chimeRate), "--channels", "1", "--format", "s16", "-"},
	{"pacat", "--playback", "--raw", "--rate=" + strconv.Itoa(chimeRate), "--channels=1", "--format=s16le"},
	{"aplay", "-q", "-t", "raw", "-r", strconv.Itoa(chimeRate), "-c", "1", "-f", "S16_LE", "-"},
}

// chime plays the chime, if this computer can; it returns when it has ended.
func chime(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	for _, p := range players {
		exe, err := exec.LookPath(p[0])
		if err != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, exe, p[1:]...)
		cmd.Stdin = bytes.NewReader(chimeSamples())
		if cmd.Run() == nil {
			return
		}
	}
}
