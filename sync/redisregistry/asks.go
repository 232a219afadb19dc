package redisregistry

import (
	"fmt"
	"strings"

	"github.com/clinicpro-nz/images/app"
)

// encodeAsks writes what a practice asks as the hash holds it:
// consent 0/1|details joined by ,|target in bytes.
func encodeAsks(a app.Asks) string {
	var require []string
	for _, d := range a.Require {
		if d.Known() {
			require = append(require, string(d))
		}
	}
	return fmt.Sprintf("%s|%s|%d", flag(a.Consent), strings.Join(require, ","), a.Target)
}

// asks reads what encodeAsks wrote; "" is a row from before anything could be
// asked. A detail that is not known is left out.
func (d *decoder) asks(line string) app.Asks {
	if line == "" {
		return app.Asks{}
	}
	p := strings.Split(line, "|")
	if len(p) != 3 {
		d.fail(fmt.Errorf("what is asked has %d fields", len(p)))
		return app.Asks{}
	}
	a := app.Asks{Consent: p[0] == "1", Target: d.int(p[2])}
	for name := range strings.SplitSeq(p[1], ",") {
		if detail := app.Detail(name); detail.Known() {
			a.Require = append(a.Require, detail)
		}
	}
	return a
}
