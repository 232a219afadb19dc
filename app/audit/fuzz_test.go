package audit

import (
	"bytes"
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app/apptest"
)

// FuzzVerify: whatever bytes stand in the files, reading them does not
// panic, and only the trail as it was written is sound. Bytes without a
// newline after its end are no line yet: they are counted as torn.
func FuzzVerify(f *testing.F) {
	k, err := newKeys([]byte(strings.Repeat("k", secretBytes)))
	if err != nil {
		f.Fatal(err)
	}
	var whole [2][]byte
	end := witness{known: true}
	for n := range 6 {
		l := k.line(apptest.AuditEntry(n, "image-landed"), "gp")
		l.Seq, l.Prev = end.seq+1, end.mac
		raw, err := k.seal(&l)
		if err != nil {
			f.Fatal(err)
		}
		whole[n/3] = append(whole[n/3], raw...)
		end = witness{l.Seq, l.Mac, true}
	}
	broken := k.line(apptest.AuditEntry(9, EventBroken), "gp")
	broken.Seq, broken.SHA256 = 7, "00"
	chain, err := k.seal(&broken)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[0], whole[1])
	f.Add(whole[1], whole[0])
	f.Add(whole[0][:900], whole[1])
	f.Add(whole[0], append(bytes.Clone(whole[1]), "{"...))
	f.Add(whole[0], chain)
	f.Add(append(bytes.Clone(whole[0]), whole[1]...), []byte{})
	f.Add([]byte("\n\n"), []byte("{\"seq\":9223372036854775807,\"mac\":\""+strings.Repeat("0", 64)+"\"}\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		s, err := scan(t.Context(), folder{november: a, december: b}.fs(), k, end, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, fresh := s.report.Fresh()
		if fresh == s.report.Sound() {
			t.Errorf("fresh %v with %+v", fresh, s.report)
		}
		cut := len(b) - int(s.report.Torn)
		asWritten := bytes.Equal(a, whole[0]) && bytes.Equal(b[:cut], whole[1])
		// The same lines divided otherwise between the two files are still all of them, in order.
		asWritten = asWritten || bytes.HasSuffix(a, []byte("\n")) && bytes.Equal(append(bytes.Clone(a), b[:cut]...), bytes.Join(whole[:], nil))
		if s.report.Sound() != asWritten {
			t.Errorf("sound %v: %+v", s.report.Sound(), s.report)
		}
	})
}
