// Command bom says what packaged programs are made of, from what the linker
// recorded in them and from the phone page's lock file: a CycloneDX 1.6 bill
// of materials, or the notices that third parties' licences ask for. The same
// programs give the same bytes.
//
//	bom -version X [-unsigned DIR] [-notices] PROGRAM...
//
// A program's hash is of the file as it is given: signed, if it is. DIR holds
// the same programs before they were signed, which a second build can be
// compared with; their hashes are properties.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bom", flag.ContinueOnError)
	version := flags.String("version", "", "version of the packages")
	notices := flags.Bool("notices", false, "print the notices, not the bill of materials")
	unsigned := flags.String("unsigned", "", "folder of the programs before they were signed")
	page := flags.String("page", "assets/phone", "folder of the phone page")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" || flags.NArg() == 0 {
		return errors.New("want -version and at least one program")
	}
	parts, err := partsOf(flags.Args(), *page)
	if err != nil {
		return err
	}
	if *notices {
		return writeNotices(out, parts)
	}
	return writeBill(out, *version, *unsigned, flags.Args(), parts)
}

// part is one component by somebody else.
type part struct {
	purl, name, version string
	sum                 string // lower-case hex SHA-256 of the module's files, or the tarball's SHA-512
	alg                 string
	dir                 string // where its files, and so its licence, lie
}

// partsOf lists the components of all programs, each once, by purl.
func partsOf(programs []string, page string) ([]part, error) {
	seen := map[string]part{}
	modules := map[string]string{} // path@version: sum
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	for _, file := range programs {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		std := part{purl: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"), name: "std", version: strings.TrimPrefix(info.GoVersion, "go"), dir: strings.TrimSpace(string(goroot))}
		seen[std.purl] = std
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			modules[m.Path+"@"+m.Version] = m.Sum
		}
	}
	dirs, err := moduleDirs(modules)
	if err != nil {
		return nil, err
	}
	for at, sum := range modules {
		name, version, _ := strings.Cut(at, "@")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
		if err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("%s has no checksum", at)
		}
		p := part{purl: "pkg:golang/" + at, name: name, version: version, sum: hex.EncodeToString(raw), alg: "SHA-256", dir: dirs[at]}
		seen[p.purl] = p
	}
	if err := pageParts(page, seen); err != nil {
		return nil, err
	}
	out := make([]part, 0, len(seen))
	for _, p := range seen {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b part) int { return strings.Compare(a.purl, b.purl) })
	return out, nil
}

// moduleDirs finds each module's files in the module cache.
func moduleDirs(modules map[string]string) (map[string]string, error) {
	args := []string{"mod", "download", "-json"}
	for at := range modules {
		args = append(args, at)
	}
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w", err)
	}
	out := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(raw)); ; {
		var m struct{ Path, Version, Dir string }
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out[m.Path+"@"+m.Version] = m.Dir
	}
}

// pageParts adds what is bundled into the phone page: the lock file's
// packages that are not for development alone.
func pageParts(page string, seen map[string]part) error {
	raw, err := os.ReadFile(filepath.Join(page, "package-lock.json"))
	if err != nil {
		return err
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity string
			Dev, DevOptional   bool
		}
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		return fmt.Errorf("package-lock.json: %w", err)
	}
	for at, p := range lock.Packages {
		i := strings.LastIndex(at, "node_modules/")
		if i < 0 || p.Dev || p.DevOptional {
			continue
		}
		name := at[i+len("node_modules/"):]
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.Integrity, "sha512-"))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		purl := "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + p.Version
		seen[purl] = part{purl: purl, name: name, version: p.Version, sum: hex.EncodeToString(sum), alg: "SHA-512", dir: filepath.Join(page, at)}
	}
	return nil
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Purl    string `json:"purl,omitempty"`
	Hashes  []hash `json:"hashes,omitempty"`

	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// beforeSigning names the property that is the SHA-256 of a program before it
// was signed.
const beforeSigning = "clinicpro:sha256-before-signing"

// writeBill writes CycloneDX 1.6 JSON (ECMA-424): our programs with their
// hashes inside the product, and what they are made of.
func writeBill(out io.Writer, version, unsigned string, programs []string, parts []part) error {
	type metadata struct {
		Component struct {
			component
			Components []component `json:"components"`
		} `json:"component"`
	}
	bill := struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Serial     string      `json:"serialNumber"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}{Format: "CycloneDX", Spec: "1.6", Version: 1}
	bill.Metadata.Component.component = component{Type: "application", Ref: "clinicpro-images", Name: "ClinicPro Images", Version: version}
	all := sha256.New()
	for _, file := range programs {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		all.Write(sum[:])
		c := component{Type: "application", Ref: filepath.Base(file), Name: filepath.Base(file), Version: version,
			Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}}
		if unsigned != "" {
			raw, err := os.ReadFile(filepath.Join(unsigned, filepath.Base(file)))
			if err != nil {
				return err
			}
			before := sha256.Sum256(raw)
			c.Properties = []property{{beforeSigning, hex.EncodeToString(before[:])}}
		}
		bill.Metadata.Component.Components = append(bill.Metadata.Component.Components, c)
	}
	for _, p := range parts {
		c := component{Type: "library", Ref: p.purl, Name: p.name, Version: p.version, Purl: p.purl}
		if p.sum != "" {
			c.Hashes = []hash{{p.alg, p.sum}}
		}
		bill.Components = append(bill.Components, c)
	}
	id := all.Sum(nil)[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID of version 8: derived
	bill.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(bill)
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|ofl)([-._].*)?$`)

// writeNotices writes the licence texts; parts that share one text share its
// place. A part without any is an error: nobody may ship it unread.
func writeNotices(out io.Writer, parts []part) error {
	texts := map[string][]string{}
	var order []string
	for _, p := range parts {
		entries, err := os.ReadDir(p.dir)
		if err != nil {
			return fmt.Errorf("%s: its files are not here: %w", p.name, err)
		}
		var text strings.Builder
		for _, e := range entries {
			if e.IsDir() || !licenceFile.MatchString(e.Name()) {
				continue
			}
			raw, err := os.ReadFile(filepath.Join(p.dir, e.Name()))
			if err != nil {
				return err
			}
			text.WriteString(strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n")) + "\n\n")
		}
		if text.Len() == 0 {
			return fmt.Errorf("%s %s has no licence file", p.name, p.version)
		}
		if texts[text.String()] == nil {
			order = append(order, text.String())
		}
		texts[text.String()] = append(texts[text.String()], p.name+" "+p.version)
	}
	fmt.Fprintln(out, "ClinicPro Images: © ClinicPro. It contains work by others, under these licences.")
	for _, text := range order {
		fmt.Fprintf(out, "\n%s\n%s\n\n%s", strings.Repeat("=", 76), strings.Join(texts[text], "\n"), text)
	}
	return nil
}
