package redisregistry

import (
	"reflect"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

// A row from before anything could be asked asks nothing; one from a later
// version asks what is known here; one that is damaged is an error.
func TestAsksOfOtherRows(t *testing.T) {
	for line, want := range map[string]app.Asks{
		"":                         {},
		"0||0":                     {},
		"1|site,shape,type|480000": {Consent: true, Require: []app.Detail{app.DetailSite, app.DetailType}, Target: 480_000},
	} {
		d := decoder{}
		if got := d.asks(line); d.err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", line, got, d.err)
		}
	}
	for _, line := range []string{"1", "1|site", "1|site|many", "1|site|1|2"} {
		d := decoder{}
		if d.asks(line); d.err == nil {
			t.Errorf("%q is read", line)
		}
	}
}
