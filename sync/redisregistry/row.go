package redisregistry

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/app"
)

// decode reads a script's answer: code, time, and but for short refusals the
// session id, the ids the code is about, and the hash.
func decode(op string, out []any) (app.Row, error) {
	d := decoder{}
	if len(out) < 2 {
		return app.Row{}, app.E(op, app.KindBug, fmt.Errorf("the script answered %d values", len(out)))
	}
	refusal := Refusal{code: d.text(out[0])}
	now := d.time(d.text(out[1]))
	if len(out) == 2 {
		return app.Row{}, app.E(op, refusal.kind(), refusal)
	}
	if len(out) != 5 {
		return app.Row{}, app.E(op, app.KindBug, fmt.Errorf("the script answered %d values", len(out)))
	}
	if ids := d.text(out[3]); ids != "" {
		for id := range strings.SplitSeq(ids, ",") {
			refusal.images = append(refusal.images, app.ImageID(id))
		}
	}
	flat, ok := out[4].([]any)
	if !ok || len(flat)%2 != 0 {
		return app.Row{}, app.E(op, app.KindBug, fmt.Errorf("the script answered no hash"))
	}
	row := d.row(flat)
	row.SID, row.Now = app.SessionID(d.text(out[2])), now
	switch {
	case d.err != nil:
		return app.Row{}, app.E(op, app.KindCorrupt, d.err)
	case refusal.code != "ok":
		return row, app.E(op, refusal.kind(), refusal)
	}
	return row, nil
}

// decoder keeps the first error, so that the fields read as a list.
type decoder struct{ err error }

func (d *decoder) row(flat []any) app.Row {
	f := make(map[string]string, len(flat)/2)
	var row app.Row
	order := map[app.ImageID]int64{}
	for i := 0; i < len(flat); i += 2 {
		name, value := d.text(flat[i]), d.text(flat[i+1])
		if id, ok := strings.CutPrefix(name, "i:"); ok {
			m, place := d.image(app.ImageID(id), value)
			row.Images, order[m.ID] = append(row.Images, m), place
			continue
		}
		f[name] = value
	}
	slices.SortFunc(row.Images, func(a, b app.RowImage) int { return cmp.Compare(order[a.ID], order[b.ID]) })
	row.State, row.PracticeName = app.SessionState(f["state"]), f["pname"]
	row.Asks = d.asks(f["asks"])
	row.TokenHash, row.PhoneHash = app.Digest(f["token"]), app.Digest(f["phone"])
	row.PhoneDone = f["pdone"] == "1"
	row.Left, row.Declined = f["left"] == leftWrongPatient || f["left"] == leftDeclined, f["left"] == leftDeclined
	row.Keep, row.Kept = decodeOffer(f["keep"]), d.time(cmp.Or(f["kept"], "0"))
	row.Created, row.Expires, row.Ends = d.time(f["created"]), d.time(f["expires"]), d.time(f["ends"])
	row.ClaimBy, row.DrainUntil = d.time(f["claimby"]), d.time(f["drainuntil"])
	row.Limits = app.Limits{
		MaxImages: int(d.int(f["maxn"])), MaxBytes: d.int(f["maxb"]),
		Idle: d.millis(f["idle"]), Drain: d.millis(f["drain"]), Claim: d.millis(f["claim"]),
		Life: row.Ends.Sub(row.Created),
	}
	row.Seq = d.int(f["seq"])
	return row
}

func (d *decoder) image(id app.ImageID, line string) (app.RowImage, int64) {
	p := strings.Split(line, "|")
	if len(p) == 8 { // from before there were details
		p = append(p, "0")
	}
	if len(p) != 9 {
		d.fail(fmt.Errorf("an image has %d fields", len(p)))
		return app.RowImage{}, 0
	}
	m := app.RowImage{ID: id, State: app.ImageState(p[0]), Bytes: d.int(p[1]), SHA256: app.Digest(p[2]),
		Seq: d.int(p[3]), RetractWanted: p[5] == "1", Refused: p[6] == "1", Details: int(d.int(p[8]))}
	if p[7] != "" {
		m.Sinks = strings.Split(p[7], ",")
	}
	return m, d.int(p[4])
}

// encodeImage writes an image as the hash holds it; order counts from 1.
func encodeImage(m app.RowImage, order int) string {
	return fmt.Sprintf("%s|%d|%s|%d|%d|%s|%s|%s|%d", m.State, m.Bytes, m.SHA256, m.Seq, order,
		flag(m.RetractWanted), flag(m.Refused), strings.Join(m.Sinks, ","), m.Details)
}

func (d *decoder) text(v any) string {
	s, ok := v.(string)
	if !ok {
		d.fail(fmt.Errorf("want text, got %T", v))
	}
	return s
}

func (d *decoder) int(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		d.fail(fmt.Errorf("want a number"))
	}
	return n
}

func (d *decoder) millis(s string) time.Duration { return time.Duration(d.int(s)) * time.Millisecond }

func (d *decoder) time(s string) time.Time {
	if n := d.int(s); n != 0 {
		return time.UnixMilli(n)
	}
	return time.Time{}
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}
