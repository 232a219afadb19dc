package redisregistry

import (
	"crypto/sha1" // how Redis names scripts
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"sync"
)

const (
	// Handshake is Transition's name for what is said once: by a new
	// connection, and to a server that lacks a script.
	Handshake = "handshake"
	// Inside is what counters call a command that a script made.
	Inside = "inside"
)

// Transition names what a command that this driver has sent does, for whoever
// counts a server's commands: the script's name ("claim", "stored") for
// EVALSHA, Handshake for EVAL, which only follows an EVALSHA that the server
// did not know, and for the commands of a new connection; else the command
// itself in lower case. Commands inside scripts are none of the driver's.
func Transition(command string, args ...string) string {
	command = strings.ToLower(command)
	if slices.Contains([]string{"eval", "hello", "auth", "select", "client", "ping", "quit"}, command) {
		return Handshake
	}
	if command == "evalsha" && len(args) > 0 {
		if name, ours := scriptNames()[strings.ToLower(args[0])]; ours {
			return name
		}
	}
	return command
}

func scriptHash(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// scriptNames maps each script's SHA-1 to its name.
var scriptNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	common, _ := lua.ReadFile("lua/common.lua") // embedded: New has the error to tell
	entries, _ := lua.ReadDir("lua")
	for _, e := range entries {
		body, _ := lua.ReadFile(path.Join("lua", e.Name()))
		names[scriptHash(string(common)+string(body))] = strings.TrimSuffix(e.Name(), ".lua")
	}
	return names
})
