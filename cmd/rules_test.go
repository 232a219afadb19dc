package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const module = "github.com/clinicpro-nz/images"

// edges: what each package of this module may import of this module. A
// pattern is a path below the module, "x/..." with everything under it. The
// first row that fits a package counts; a package without a row may exist
// only once it has been given one.
var edges = []struct {
	pkg string
	may []string
}{
	{"app", nil},
	{"app/...", []string{"app"}},

	{"assets/...", nil},

	{"sync/envelope", []string{"app"}},
	{"sync/pairing", []string{"app", "sync/envelope"}},
	{"sync/s3objects/s3suite", []string{"app", "app/apptest", "sync/s3objects"}}, // for tests only
	{"sync/gateway/...", []string{"app", "app/diag", "app/config", "assets/...", "sync/..."}},
	{"sync/relay/...", []string{"app", "app/diag", "app/config", "assets/...", "sync/..."}},
	{"sync/workstation", []string{"app", "app/picture", "app/config", "sync/envelope", "sync/pairing", "sync/folder",
		"sync/egress", "sync/redisregistry", "sync/s3objects", "sync/ablyfeed", "sync/alex", "sync/localcloud/ready"}},
	{"sync/localcloud/hub/...", []string{"app"}},
	{"sync/localcloud/ready", nil},
	{"sync/localcloud/...", []string{"app", "app/diag", "app/config", "assets/...", "sync/..."}},
	{"sync/durable", nil},
	{"sync/diskspool", []string{"app", "sync/durable"}},
	{"sync/folder", []string{"app", "app/picture", "sync/durable"}},
	{"sync/alex", []string{"app", "app/picture", "sync/egress"}},
	{"sync/alex/alextest", nil}, // for tests only
	{"sync/egress", []string{"app"}},
	{"sync/updates", []string{"app", "app/versions"}},
	{"sync/...", []string{"app", "sync/envelope", "sync/pairing", "sync/egress"}},

	{"ui/text/...", []string{"app", "assets/..."}},
	{"ui/link/...", []string{"app"}},
	{"ui/model/...", []string{"app", "ui/text", "ui/link"}},
	{"ui/tray/...", []string{"app", "assets/...", "ui/text", "ui/model"}},
	{"ui/instance", []string{"app"}},
	{"ui/clipboard", nil},
	{"ui/widgets/...", []string{"assets/..."}},
	{"ui/views/...", []string{"app", "assets/...", "ui/text", "ui/link", "ui/model", "ui/widgets"}},
	{"ui", []string{"app", "assets/...", "ui/text", "ui/model", "ui/link", "ui/widgets", "ui/views"}},
	{"ui/desktop", []string{"app", "assets/...", "ui", "ui/text", "ui/link", "ui/model"}},
	{"ui/software", []string{"app", "assets/...", "ui", "ui/text", "ui/link", "ui/model", "ui/clipboard"}},

	{"packaging", nil},
	{"packaging/bom", nil},
	{"packaging/announce", []string{"sync/updates"}},

	{"cmd", nil},
	{"cmd/clinicpro-images-ui", []string{"app", "app/...", "assets/...", "ui", "ui/..."}},
	{"cmd/clinicpro-images-start", []string{"app/versions"}},
	{"cmd/...", []string{"app", "app/...", "assets/...", "sync/...", "ui/text", "ui/model", "ui/link", "ui/tray", "ui/instance", "ui/clipboard"}},
}

// outsiders: who may import a package of another module. Each row is a rule
// of its own; "who" is patterns as above.
var outsiders = []struct {
	what string // import path, with everything under it
	who  []string
}{
	{"fyne.io/fyne/v2/app", []string{"ui/desktop"}},
	{"fyne.io/fyne/v2", []string{"ui", "ui/views", "ui/widgets", "ui/desktop", "ui/software", "cmd/clinicpro-images-ui"}},
	{"github.com/go-gl/glfw", []string{"ui/desktop"}},
	{"fyne.io/systray", []string{"ui/tray"}},
	{"github.com/versity/versitygw", []string{"sync/localcloud/..."}},
	{"github.com/alicebob/miniredis", []string{"sync/localcloud/..."}},
	{"github.com/redis/go-redis", []string{"sync/redisregistry", "sync/localcloud/..."}},
	{"github.com/zalando/go-keyring", []string{"sync/keyringvault"}},
	{"go.etcd.io/bbolt", []string{"sync/diskspool"}},
	{"filippo.io/age", []string{"sync/envelope", "sync/pairing", "sync/diskspool", "sync/keyringvault", "sync/workstation", "app/config", "cmd/..."}},
	{"github.com/skip2/go-qrcode", []string{"sync/pairing"}},
}

// reserved: packages of this module that only programs compose from, and
// which ones. Tests may use them freely.
var reserved = []struct {
	what string
	who  []string
}{
	{"sync/workstation", []string{"cmd/clinicpro-images", "cmd/clinicproctl"}},
	{"sync/phone", []string{"cmd/clinicproctl"}},
	{"sync/alex/alextest", nil}, // a stand-in is no part of any program
}

// readyLine is the one package below sync/localcloud that is no server: the
// form of the line the local cloud prints, which the agent reads.
const readyLine = "/sync/localcloud/ready"

// unlinked: what a program must not hold at all, however it would come in.
var unlinked = []struct {
	program string
	never   []string
}{
	{"clinicpro-images", []string{
		"github.com/versity/versitygw", "github.com/alicebob/miniredis", "fyne.io/fyne",
		module + "/sync/localcloud", module + "/sync/gateway", module + "/sync/relay",
	}},
	{"clinicproctl", []string{
		"github.com/versity/versitygw", "github.com/alicebob/miniredis", "fyne.io/fyne", module + "/sync/localcloud",
	}},
	{"clinicpro-gateway", []string{
		"github.com/versity/versitygw", "github.com/alicebob/miniredis", "fyne.io",
		"github.com/zalando/go-keyring", module + "/sync/diskspool",
	}},
	{"clinicpro-images-ui", []string{
		"github.com/redis", "github.com/aws", "github.com/ably", "github.com/zalando/go-keyring", "filippo.io/age",
		module + "/sync",
	}},
}

type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

// list asks the go command about every package of the module, on one system.
func list(t *testing.T, goos string) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-tags", "x11",
		"-json=ImportPath,Imports,TestImports,XTestImports,Deps", module+"/...")
	cmd.Dir = ".."
	// With cgo, so that the files which need it are listed too; nothing is compiled.
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, l)
	}
}

// fits reports whether a path below the module fits one of the patterns.
func fits(pkg string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		under, deep := strings.CutSuffix(p, "/...")
		return pkg == p || deep && (pkg == under || strings.HasPrefix(pkg, under+"/"))
	})
}

// under reports whether an import path is prefix or lies below it, a major
// version counting as below.
func under(imp, prefix string) bool { return imp == prefix || strings.HasPrefix(imp, prefix+"/") }

// faults returns every import that breaks a rule, one sentence each.
func faults(pkgs []listed) []string {
	var out []string
	for _, l := range pkgs {
		pkg := strings.TrimPrefix(strings.TrimPrefix(l.ImportPath, module), "/")
		row := slices.IndexFunc(edges, func(e struct {
			pkg string
			may []string
		}) bool {
			return fits(pkg, []string{e.pkg})
		})
		if row < 0 {
			out = append(out, pkg+" has no row in the table of import rules")
			continue
		}
		for _, imp := range l.Imports {
			own, mine := strings.CutPrefix(imp, module+"/")
			switch {
			case mine && !fits(own, edges[row].may):
				out = append(out, pkg+" imports "+own)
			case mine:
				for _, r := range reserved {
					if own == r.what && !fits(pkg, r.who) {
						out = append(out, pkg+" imports "+own)
					}
				}
			case pkg == "app" && strings.Contains(imp, ".") && !under(imp, "golang.org/x/sync"):
				out = append(out, "app imports "+imp)
			default:
				for _, o := range outsiders {
					if under(imp, o.what) {
						if !fits(pkg, o.who) {
							out = append(out, pkg+" imports "+imp)
						}
						break // the narrowest row is first
					}
				}
			}
		}
		// Tests compose more freely, but a program is nobody's library, and
		// the one package with OpenGL stays out of every other's tests.
		for _, imp := range slices.Concat(l.TestImports, l.XTestImports) {
			own, mine := strings.CutPrefix(imp, module+"/")
			allowed := pkg == "cmd/clinicpro-images-ui" && own == "ui/desktop"
			if mine && own != pkg && fits(own, []string{"cmd/...", "ui/desktop"}) && !allowed || under(imp, "fyne.io/fyne/v2/app") {
				out = append(out, "the test of "+pkg+" imports "+imp)
			}
		}
	}
	return out
}

func TestImportsRunOneWay(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		for _, f := range faults(list(t, goos)) {
			t.Errorf("%s: %s", goos, f)
		}
	}
}

// A rule that never fires is no rule: each kind of wrong edge is seen.
func TestRulesFindWrongEdges(t *testing.T) {
	for _, c := range []struct{ pkg, imp string }{
		{"app", module + "/app/diag"},
		{"app", "filippo.io/age"},
		{"app/picture", module + "/sync/envelope"},
		{"sync/folder", module + "/sync/diskspool"},
		{"sync/envelope", module + "/sync/pairing"},
		{"ui/link", module + "/ui/model"},
		{"ui/model", "fyne.io/fyne/v2"},
		{"ui/widgets", module + "/ui/views"},
		{"ui/views", "fyne.io/fyne/v2/app"},
		{"ui", "fyne.io/systray"},
		{"cmd/clinicpro-images", module + "/ui/views"},
		{"sync/gateway", module + "/cmd/clinicproctl"},
		{"sync/workstation", module + "/sync/localcloud"},
		{"sync/folder", module + "/sync/workstation"},
		{"sync/gateway", module + "/sync/workstation"},
		{"cmd/clinicpro-gateway", module + "/sync/phone"},
		{"sync/gateway", "github.com/alicebob/miniredis/v2"},
		{"somewhere", "fmt"},
	} {
		if got := faults([]listed{{ImportPath: module + "/" + c.pkg, Imports: []string{c.imp}}}); len(got) != 1 {
			t.Errorf("%s importing %s: %q", c.pkg, c.imp, got)
		}
	}
	if got := faults([]listed{{ImportPath: module + "/sync/folder", TestImports: []string{module + "/cmd/clinicproctl"}}}); len(got) != 1 {
		t.Errorf("test importing a program: %q", got)
	}
}

func TestProgramsLinkOnlyTheirOwn(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		pkgs := list(t, goos)
		for _, u := range unlinked {
			i := slices.IndexFunc(pkgs, func(l listed) bool { return l.ImportPath == module+"/cmd/"+u.program })
			if i < 0 {
				t.Errorf("%s is not there", u.program)
				continue
			}
			for _, dep := range pkgs[i].Deps {
				if dep != module+readyLine && slices.ContainsFunc(u.never, func(n string) bool { return under(dep, n) }) {
					t.Errorf("%s: %s links %s", goos, u.program, dep)
				}
			}
		}
	}
}

// The agent, and everything but the window, needs no C compiler.
func TestAgentBuildsWithoutCgo(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		cmd := exec.Command("go", "build", "-o", filepath.Join(t.TempDir(), "agent"), module+"/cmd/clinicpro-images")
		cmd.Dir = ".."
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", goos, err, out)
		}
	}
}

// Only ui/bridge.go moves work onto Fyne's thread, and nobody waits for it:
// DoAndWait from that thread would stand still for ever.
func TestOnlyTheBridgeCallsFyneDo(t *testing.T) {
	seen := 0
	walk(t, "../ui", func(name string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "fyne" {
				return true
			}
			switch {
			case sel.Sel.Name == "DoAndWait":
				t.Errorf("%s calls fyne.DoAndWait", name)
			case sel.Sel.Name == "Do" && path.Base(name) == "bridge.go" && path.Dir(name) == "../ui":
				seen++
			case sel.Sel.Name == "Do":
				t.Errorf("%s calls fyne.Do", name)
			}
			return true
		})
	})
	if seen == 0 {
		t.Error("ui/bridge.go does not call fyne.Do: this test looks in the wrong place")
	}
}

// Whoever runs beside Fyne's thread touches no widget: only these files below
// ui start anything that does, and what each starts is said here. Views and
// widgets start nothing at all.
var besideFyne = map[string]string{
	"../ui/fonts.go":           "reads fonts, which measuring a text does, before the first widget is made",
	"../ui/desktop/desktop.go": "the pipe, the countdown and the end; all speak through ui.Window's bridge",
}

func TestNothingRunsBesideFyneUnnoticed(t *testing.T) {
	found := map[string]bool{}
	walk(t, "../ui", func(name string, file *ast.File) {
		own := path.Dir(name)
		switch own {
		case "../ui", "../ui/desktop", "../ui/views", "../ui/widgets", "../ui/model":
		default: // the pipe, the tray and the instance hold no widget; software has its own thread
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			starts := false
			switch n := n.(type) {
			case *ast.GoStmt:
				starts = true
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok {
					on, chosen := sel.X.(*ast.SelectorExpr)
					acts := chosen && on.Sel.Name == "acts" // the review's "go to an image"
					starts = sel.Sel.Name == "AfterFunc" || sel.Sel.Name == "Go" && !acts
				}
			}
			if starts {
				found[name] = true
				if besideFyne[name] == "" {
					t.Errorf("%s starts something beside Fyne's thread", name)
				}
			}
			return true
		})
	})
	for name := range besideFyne {
		if !found[name] {
			t.Errorf("%s starts nothing any more", name)
		}
	}
}

// One version: FyneApp.toml's, the code's.
func TestOneVersion(t *testing.T) {
	raw, err := os.ReadFile("../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Details struct{ Name, ID, Version string }
	}
	if err := toml.Unmarshal(raw, &meta); err != nil {
		t.Fatal(err)
	}
	if meta.Details.Name != "ClinicPro Images" || meta.Details.ID != "nz.co.clinicpro.images" {
		t.Errorf("FyneApp.toml names %q, %q", meta.Details.Name, meta.Details.ID)
	}
	found := 0
	for _, root := range []string{"../app", "../ui", "../cmd", "../assets", "../sync"} {
		walk(t, root, func(name string, file *ast.File) {
			for _, d := range file.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.CONST && g.Tok != token.VAR { // a package's linker sets it
					continue
				}
				for _, s := range g.Specs {
					v := s.(*ast.ValueSpec)
					for i, id := range v.Names {
						if id.Name != "Version" || i >= len(v.Values) {
							continue
						}
						found++
						lit, ok := v.Values[i].(*ast.BasicLit)
						if !ok || strings.Trim(lit.Value, `"`) != meta.Details.Version {
							t.Errorf("%s: Version differs from FyneApp.toml's %s", name, meta.Details.Version)
						}
					}
				}
			}
		})
	}
	if found == 0 {
		t.Error("nothing named Version in the code")
	}
}

// walk parses every Go file below root that is not a test.
func walk(t *testing.T, root string, visit func(name string, file *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(name), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
