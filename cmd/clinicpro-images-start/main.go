// Command clinicpro-images-start starts the newest version of ClinicPro Images
// that lies in a folder beside it, with its own arguments, and ends. The MSI
// gives each version a folder of its own; this is the one program whose path no
// upgrade changes, for what an installer cannot rewrite: a user's own entry
// among the programs that start at sign-in.
//
// Exit code 0: started. 1: no whole version is there, or it does not start.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/clinicpro-nz/images/app/versions"
)

// agentProgram and what it needs beside it.
const agentProgram = "clinicpro-images"

var needed = []string{agentProgram, "clinicpro-images-ui", "clinicpro-localcloud"}

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "clinicpro-images-start:", err)
		os.Exit(1)
	}
}

func start(args []string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	root, ext := filepath.Dir(exe), filepath.Ext(exe)
	files := make([]string, len(needed))
	for i, n := range needed {
		files[i] = n + ext
	}
	newest := versions.Newest(root, files...)
	if newest == "" {
		return fmt.Errorf("no version of ClinicPro Images is whole in %s. Nothing was started: install it again", root)
	}
	return exec.Command(filepath.Join(newest, agentProgram+ext), args...).Start()
}
