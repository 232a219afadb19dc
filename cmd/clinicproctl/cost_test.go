package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The seed's own assumptions, with its arithmetic corrected (domain.md): its
// table has 50,000 uploads where its sentence makes 110,000, and $0.28.
func TestCostOfTheSeedsLoad(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"cost", "-json"}, strings.NewReader(""), &out, &errs); code != exitDone {
		t.Fatal(errs.String())
	}
	var got struct{ Month bill }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	b := got.Month
	if b.Sessions != 22_000 || b.Images != 110_000 || b.GB != 110 || b.S3Puts != 110_000+2*22_000 {
		t.Errorf("%+v", b)
	}
	uploads := 110_000.0 / 1000 * 0.0055
	if math.Round(uploads*100)/100 != 0.61 { // the corrected sum
		t.Errorf("uploads cost %.4f", uploads)
	}
	gets := b.S3Gets / 2 / 1000 * 0.00044 // the other half is HEAD
	if math.Round(gets*100)/100 != 0.05 {
		t.Errorf("fetches cost %.4f", gets)
	}
	if math.Abs(b.S3Storage-0.125) > 0.001 { // domain.md rounds to 0.13
		t.Errorf("storage costs %.4f", b.S3Storage)
	}
	if sum := b.S3Requests + b.S3Storage + b.S3Out + b.Redis + b.Ably; math.Abs(sum-b.Total) > 1e-9 {
		t.Errorf("the total is %.4f, the lines %.4f", b.Total, sum)
	}
}

func TestCostByAReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	report := write("report.json", `{"images":5,"perSession":{"redis":21,"redisPolls":7,"redisHandshakes":1,"ably":13,"s3By":{"put":5,"get":5,"head":5,"list":1,"delete":5}}}`)
	r := &rig{t: t}
	said := r.ctl("", "cost", "-json", "-report", report, "-gps", "300").wants(t, exitDone)
	var got struct{ Month bill }
	if err := json.Unmarshal([]byte(said.out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Month.RedisCommands != 66_000*29 || got.Month.AblyMessages != 66_000*13 || got.Month.Ably < 29 {
		t.Errorf("%+v", got.Month)
	}
	r.ctl("", "cost", "-report", write("other.json", `{}`)).wants(t, exitFailed, "counts no requests")
	r.ctl("", "cost", "-prices", write("p.toml", "as_of = \"x\"\n\n[s3]\nper_1000_put = nothing\n")).wants(t, exitFailed, "line 4")
	r.ctl("", "cost", "-gps", "0").wants(t, exitUsage)
	shown := r.ctl("", "cost", "-show-prices").wants(t, exitDone)
	r.ctl("", "cost", "-prices", write("same.toml", shown.out)).wants(t, exitDone, "110 GB a month")
}
