// Command announce makes the signed version file that installed programs ask
// for once a day, and the key that signs it.
//
//	announce -new-key                          a new key: the public half on standard output, the secret one on standard error
//	announce -version X -page URL <SECRET      the version file, signed
package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/clinicpro-nz/images/sync/updates"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "announce:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("announce", flag.ContinueOnError)
	newKey := flags.Bool("new-key", false, "make a key")
	version := flags.String("version", "", "version that is out")
	page := flags.String("page", "", "https page about it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *newKey {
		secret, public, err := note.GenerateKey(rand.Reader, "clinicpro-images")
		if err != nil {
			return err
		}
		fmt.Fprintln(stderr, secret)
		fmt.Fprintln(stdout, public)
		return nil
	}
	secret, err := io.ReadAll(io.LimitReader(stdin, 1<<10))
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return errors.New("standard input is not a key of -new-key's making")
	}
	release := updates.Release{Version: *version, Page: *page}
	if err := release.Check(); err != nil {
		return err
	}
	file, err := note.Sign(&note.Note{Text: release.Text()}, signer)
	if err != nil {
		return err
	}
	_, err = stdout.Write(file)
	return err
}
