package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var keepOffered = KeepOffer{Recipient: "age1phone", Key: "keptkey-of-the-phone", MAC: "mac"}

// paired brings a session to where a phone that can be kept is paired with it.
func (s *script) paired(sid SessionID) {
	s.t.Helper()
	s.live(sid)
	row := s.row(SessionPaired)
	row.PhoneHash, row.Keep = "phone", keepOffered
	s.in(sid, RowRead{Row: row})
	s.in(sid, SessionSaved{})
}

// kept saves and answers until a phone of session sid is kept until a time.
func (s *script) kept(sid SessionID, until time.Time) {
	s.t.Helper()
	s.paired(sid)
	save := want[SaveKept](s.t, s.in(sid, KeepPhone{until}))
	ask := want[AskToKeep](s.t, s.in(sid, KeptSaved{Kept: save.Kept}))
	row := s.row(SessionPaired)
	row.Kept = ask.Until
	save = want[SaveKept](s.t, s.in(sid, PhoneKept{Key: ask.Key, Row: row}))
	s.in(sid, KeptSaved{Kept: save.Kept})
	if s.st.Kept.Stage != KeptOn {
		s.t.Fatalf("it is %q", s.st.Kept.Stage)
	}
}

// waits starts a session whose code the registry knows, and returns the effects.
func (s *script) waits(sid SessionID, code Digest) []Effect {
	s.t.Helper()
	s.in(sid, Start{Patient: patient("Wiremu Testperson"), Limits: DefaultLimits, Code: code})
	s.in(sid, SessionSaved{})
	return s.in(sid, SessionOpened{Row: s.waiting(code)})
}

func (s *script) waiting(code Digest) Row {
	row := s.row(SessionWaiting)
	row.TokenHash = code
	return row
}

// published saves what an input changed and returns the link that goes out.
func (s *script) published(effects []Effect) KeptPhone {
	s.t.Helper()
	none[OfferNext](s.t, effects)
	save := want[SaveKept](s.t, effects)
	offer := want[OfferNext](s.t, s.in(save.Kept.First, KeptSaved{Kept: save.Kept}))
	s.in(offer.Kept.First, NextOffered{Key: offer.Kept.Key, N: offer.Kept.N})
	return offer.Kept
}

func TestAPhoneIsKeptOnlyAtTheGPsWord(t *testing.T) {
	s := &script{t: t, at: day}
	s.paired(sidA)
	if s.st.Kept.Stage != KeptNone {
		t.Fatalf("an offer alone keeps it: %q", s.st.Kept.Stage)
	}
	effects := s.in(sidA, KeepPhone{day.Add(8 * time.Hour)})
	none[AskToKeep](t, effects) // a crash would leave a phone kept of which nobody knows
	save := want[SaveKept](t, effects)
	if len(save.Audit) != 0 {
		t.Fatalf("noted before it is: %+v", save.Audit)
	}
	ask := want[AskToKeep](t, s.in(sidA, KeptSaved{Kept: save.Kept}))
	if ask.Key != keepOffered.Key || !ask.Until.Equal(day.Add(8*time.Hour)) {
		t.Fatalf("asked %+v", ask)
	}
	save = want[SaveKept](t, s.in(sidA, PhoneKept{Key: ask.Key, Row: s.row(SessionPaired)}))
	if save.Kept.Stage != KeptOn || len(save.Audit) != 1 || save.Audit[0].Event != AuditKept || save.Audit[0].SID != sidA {
		t.Fatalf("saved as %q, noted %+v", save.Kept.Stage, save.Audit)
	}
	none[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)})) // a second press
}

func TestOnlyAPairedSessionsPhoneIsKept(t *testing.T) {
	s := &script{t: t, at: day}
	none[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)}))
	s.waits(sidA, "code")
	none[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)}))
	s.in(sidA, SessionSaved{})
	s.in(sidA, RowRead{Row: s.row(SessionPaired)}) // a phone that offers nothing
	none[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)}))
	if s.st.Kept.Stage != KeptRefused || s.st.Kept.Reason != KeptUnable {
		t.Fatalf("it is %q: %q", s.st.Kept.Stage, s.st.Kept.Reason)
	}
	s.in("", ForgetPhone{})
	if s.st.Kept.Stage != KeptNone {
		t.Fatal("the refusal stays")
	}
}

func TestAForeignOfferIsRefusedAndForgotten(t *testing.T) {
	s := &script{t: t, at: day}
	s.paired(sidA)
	save := want[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)}))
	s.in(sidA, KeptSaved{Kept: save.Kept})
	save = want[SaveKept](t, s.in(sidA, PhoneKept{Key: keepOffered.Key, Err: E("check", KindCorrupt, nil)}))
	rec, err := recordOfKept(save.Kept)
	if err != nil || rec.Body != nil || s.st.Kept.Reason != KeptForeign {
		t.Fatalf("kept in the index as %s, %q, %v", rec.Body, s.st.Kept.Reason, err)
	}
	s.in(sidA, KeptSaved{Kept: save.Kept})
	s.at = s.at.Add(time.Minute)
	none[AskToKeep](t, s.in("", Tick{}))
	none[OfferNext](t, s.waits(sidB, "b"))
}

func TestARegistryThatIsAwayIsAskedAgain(t *testing.T) {
	s := &script{t: t, at: day}
	s.paired(sidA)
	save := want[SaveKept](t, s.in(sidA, KeepPhone{day.Add(time.Hour)}))
	s.in(sidA, KeptSaved{Kept: save.Kept})
	none[AskToKeep](t, s.in(sidA, PhoneKept{Key: keepOffered.Key, Err: E("keep", KindOffline, nil)}))
	if s.st.Trouble[AreaRegistry] != KindOffline {
		t.Fatal("it is not shown")
	}
	s.at = s.at.Add(time.Second)
	want[AskToKeep](t, s.in("", Tick{}))
}

func TestEachLaterSessionIsOfferedOnce(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	first := s.published(s.waits(sidB, "b"))
	if first.N != s.st.Kept.Since.UnixMilli()+1 || first.Next != sidB || first.Code != "b" {
		t.Fatalf("offered %+v", first)
	}
	none[SaveKept](t, s.in(sidB, RowRead{Row: s.waiting("b")}))
	// A new code is a new link.
	token := NewToken()
	if back := s.published(s.in(sidB, NewCode{Token: token, Code: token.Hash()})); back.Next != "" {
		t.Fatalf("the link that ends is still %s", back.Next)
	}
	s.in(sidB, SessionSaved{})
	renewed := s.published(s.in(sidB, CodeRenewed{Row: s.waiting(token.Hash())}))
	if renewed.N <= first.N || renewed.Code != token.Hash() {
		t.Fatalf("offered again as %d", renewed.N)
	}
	// Claimed: nothing is on offer any more.
	row := s.row(SessionPaired)
	row.PhoneHash, row.TokenHash = "phone", token.Hash()
	taken := s.published(s.in(sidB, RowRead{Row: row}))
	if taken.N <= renewed.N || taken.Next != "" {
		t.Fatalf("after the claim: %d %s", taken.N, taken.Next)
	}
}

func TestASessionThatEndsUnclaimedIsTakenBack(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	offer := s.published(s.waits(sidB, "b"))
	back := s.published(s.in(sidB, End{}))
	if back.Next != "" || back.N != offer.N+1 {
		t.Fatalf("taken back as %d %s", back.N, back.Next)
	}
}

func TestANumberIsDurableBeforeItGoesOut(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	effects := s.waits(sidB, "b")
	save := want[SaveKept](t, effects)
	none[OfferNext](t, effects)
	none[OfferNext](t, s.in(sidA, KeptSaved{Kept: save.Kept, Err: E("save", KindFull, nil)}))
	s.at = s.at.Add(3 * time.Second)
	save = want[SaveKept](t, s.in("", Tick{}))
	want[OfferNext](t, s.in(sidA, KeptSaved{Kept: save.Kept}))
}

func TestALostRegistryIsToldAgain(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	offer := s.published(s.waits(sidB, "b"))
	again := want[KeepAgain](t, s.in(sidB, RowRead{Err: E("read", KindNotFound, nil)}))
	if again.Key != keepOffered.Key || !again.Until.Equal(s.st.Kept.Until) || !slices.Equal(again.Sessions, []SessionID{sidA}) {
		t.Fatalf("put back as %+v", again)
	}
	// While the session itself is not back nothing is on offer; then it is anew.
	s.in(sidA, KeptAgain{Key: again.Key})
	s.in(sidA, KeptSaved{Kept: s.st.Kept})
	s.in(sidA, NextOffered{Key: again.Key, N: s.st.Kept.N})
	back := s.published(s.in(sidB, SessionOpened{Restore: true, Row: s.waiting("b")}))
	if back.Next != sidB || back.N <= offer.N {
		t.Fatalf("offered as %d %s", back.N, back.Next)
	}
	// One that only the offer finds out.
	s.in(sidB, End{})
	s.in(sidA, KeptSaved{Kept: s.st.Kept})
	s.in(sidA, NextOffered{Key: again.Key, N: s.st.Kept.N, Err: E("next", KindNotFound, nil)})
	s.at = s.at.Add(time.Second)
	want[KeepAgain](t, s.in("", Tick{}))
	want[OfferNext](t, s.in(sidA, KeptAgain{Key: again.Key}))
}

func TestForgettingLockingAndTimeEndTheKeeping(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*script) []Effect
		want KeptEnd
	}{
		"forgotten": {func(s *script) []Effect { return s.in("", ForgetPhone{}) }, KeptByGP},
		"locked":    {func(s *script) []Effect { return s.in("", WorkstationLocked{}) }, KeptByLock},
		"its time": {func(s *script) []Effect {
			s.at = day.Add(8 * time.Hour)
			return s.in("", Tick{})
		}, KeptByTime},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{t: t, at: day}
			s.kept(sidA, day.Add(8*time.Hour))
			s.published(s.waits(sidB, "b"))
			effects := c.end(s)
			save, tell := want[SaveKept](t, effects), want[TellForgotten](t, effects)
			if tell.Key != keepOffered.Key || !slices.Equal(tell.Sessions, []SessionID{sidA}) {
				t.Fatalf("told %+v", tell)
			}
			last := save.Audit[len(save.Audit)-1]
			if last.Event != AuditForgotten || !strings.HasPrefix(last.Reason, string(c.want)+" ") {
				t.Fatalf("noted %+v", last)
			}
			s.in(sidA, KeptSaved{Kept: save.Kept})
			none[TellForgotten](t, s.in(sidA, PhoneForgotten{Key: keepOffered.Key, Err: E("forget", KindOffline, nil)}))
			if s.st.Kept.Stage != KeptEnding {
				t.Fatalf("the registry knows nothing, and it is %q", s.st.Kept.Stage)
			}
			s.at = s.at.Add(time.Second)
			want[TellForgotten](t, s.in("", Tick{}))
			save = want[SaveKept](t, s.in(sidA, PhoneForgotten{Key: keepOffered.Key}))
			if rec, err := recordOfKept(save.Kept); err != nil || rec.Body != nil {
				t.Fatalf("the index keeps %s, %v", rec.Body, err)
			}
			s.in(sidA, KeptSaved{Kept: save.Kept})
			if s.st.Kept.Stage != KeptNone {
				t.Fatalf("it is %q", s.st.Kept.Stage)
			}
			none[OfferNext](t, s.in(sidB, RowRead{Row: s.waiting("b")}))
		})
	}
}

// The workstation's clock does not decide how long a phone is kept, and nobody
// keeps one for longer than MaxKept.
func TestTheServersClockDecides(t *testing.T) {
	s := &script{t: t, at: day}
	s.paired(sidA)
	s.in(sidA, KeepPhone{day.Add(100 * time.Hour)})
	if most := s.st.Kept.Until.Sub(day); most > MaxKept+time.Minute {
		t.Fatalf("kept for %v", most)
	}
	s = &script{t: t, at: day}
	s.kept(sidA, day.Add(time.Hour))
	row := s.row(SessionPaired)
	row.PhoneHash, row.Keep, row.Now = "phone", keepOffered, day.Add(50*time.Minute) // ours is slow
	s.in(sidA, RowRead{Row: row})
	if s.st.Kept.Stage != KeptOn {
		t.Fatal("ended early")
	}
	s.at = s.at.Add(10 * time.Minute)
	want[TellForgotten](t, s.in("", Tick{}))
}

func TestAnotherPhoneIsKeptOnceTheFirstIsForgotten(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	s.waits(sidB, "b")
	row := s.row(SessionPaired)
	row.TokenHash, row.PhoneHash, row.Keep = "b", "phone-2", KeepOffer{Recipient: "age1other", Key: "another-key", MAC: "m"}
	s.in(sidB, RowRead{Row: row})
	tell := want[TellForgotten](t, s.in(sidB, KeepPhone{day.Add(4 * time.Hour)}))
	if tell.Key != keepOffered.Key {
		t.Fatalf("forgets %s", tell.Key)
	}
	s.in(sidA, PhoneForgotten{Key: tell.Key})
	for range 3 { // saves that were under way, and the last
		if s.st.Kept.saving {
			s.in(sidA, KeptSaved{Kept: s.st.Kept})
		}
	}
	if k := s.st.Kept; k.Stage != KeptAsked || k.First != sidB || k.Key != "another-key" || k.N <= day.UnixMilli() || k.Next != "" {
		t.Fatalf("kept now: %q of %s", k.Stage, k.First)
	}
	// What is still said of the first changes nothing.
	s.in(sidA, PhoneKept{Key: keepOffered.Key, Err: E("keep", KindCorrupt, nil)})
	if s.st.Kept.Stage != KeptAsked {
		t.Fatalf("it is %q", s.st.Kept.Stage)
	}
}

func TestAKeptPhoneSurvivesARestart(t *testing.T) {
	s := &script{t: t, at: day}
	s.kept(sidA, day.Add(8*time.Hour))
	offer := s.published(s.waits(sidB, "b"))
	var records []Record
	for _, sid := range []SessionID{sidA, sidB} {
		rec, err := recordOfSession(s.st.Sessions[sid])
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec)
	}
	rec, err := recordOfKept(s.st.Kept)
	if err != nil {
		t.Fatal(err)
	}
	records = append(records, rec)
	if shown := fmt.Sprintf("%v %+v", s.st.Kept, restoreKept(records)); strings.Contains(shown, "secret of A") {
		t.Fatal("the pairing secret is written out")
	}
	sessions, unreadable := restoreSessions(records)
	if unreadable != 0 {
		t.Fatalf("%d records unread", unreadable)
	}
	again := &script{t: t, at: s.at.Add(time.Minute)}
	told := want[OfferNext](t, again.in("", Boot{Sessions: sessions, Kept: restoreKept(records)}))
	if told.Kept.N != offer.N || told.Kept.Next != sidB || again.st.Kept.Until != s.st.Kept.Until {
		t.Fatalf("after the restart: %+v", told.Kept)
	}
	again.in(sidA, NextOffered{Key: keepOffered.Key, N: offer.N})
	if back := again.published(again.in(sidB, End{})); back.N != offer.N+1 {
		t.Fatalf("numbered %d after %d", back.N, offer.N)
	}
	late := &script{t: t, at: day.Add(9 * time.Hour)}
	want[TellForgotten](t, late.in("", Boot{Sessions: sessions, Kept: restoreKept(records)}))
}

func TestTheDayEndsWhereThePracticeIs(t *testing.T) {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-23T08:00:00+13:00": "2026-11-23T23:59:00+13:00", "2026-11-23T11:00:00Z": "2026-11-24T23:59:00+13:00",
		"2026-11-23T22:58:00+13:00": "2026-11-23T23:59:00+13:00", "2026-11-23T23:30:00+13:00": "2026-11-24T23:59:00+13:00",
		"2026-09-27T01:00:00+12:00": "2026-09-27T23:59:00+13:00", // the clocks go forward
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := EndOfDay(at, zone).Format(time.RFC3339); got != want {
			t.Errorf("at %s the day ends %s, want %s", now, got, want)
		}
	}
}
