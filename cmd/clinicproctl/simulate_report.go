package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/clinicpro-nz/images/sync/localcloud/ready"
	"github.com/clinicpro-nz/images/sync/phone"
	"github.com/clinicpro-nz/images/sync/redisregistry"
)

// loadReport is the JSON report. Times are milliseconds, memory is bytes.
type loadReport struct {
	Servers      string   `json:"servers"`
	Workstations int      `json:"workstations"`
	Phones       int      `json:"phones"`
	Images       int      `json:"images"`
	SizeBytes    int      `json:"sizeBytes"`
	Together     bool     `json:"together"`
	Filed        bool     `json:"filed"`
	Faults       []string `json:"faults"`
	Seed         uint64   `json:"seed"`
	Seconds      float64  `json:"seconds"`

	Sessions int            `json:"sessions"`
	Sent     int            `json:"sent"`
	Told     int            `json:"told"` // of them: the phone was told that they are stored, or on the computer
	Landed   int            `json:"landed"`
	Lost     int            `json:"lost"`
	Doubled  int            `json:"doubled"`
	Failed   int            `json:"failed"` // refused, or wanted no more; the phone says so and keeps them
	Stuck    map[string]int `json:"stuck"`  // sessions that did not end in time, by where

	PutToLanded spread `json:"putToLandedMs"` // PUT answered to durable in the spool
	PutToTold   spread `json:"putToToldMs"`   // PUT answered to "on the computer" on the phone, which polls

	Asked      *perSession    `json:"perSession"` // nil: nobody counts at these servers
	Phone      phone.Counts   `json:"phoneRequests"`
	Day        *day           `json:"seedsDay"`
	Memory     []memorySample `json:"memory"`
	MemoryPeak int64          `json:"memoryPeak"` // resident, of all workstations and phones together
	MemoryGrew float64        `json:"memoryGrew"` // heap after the last round over that after the second; 0 with fewer than five
}

// spread is how a time is distributed.
type spread struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func spreadOf(times []time.Duration) spread {
	if len(times) == 0 {
		return spread{}
	}
	slices.Sort(times)
	at := func(percent int) float64 { return ms(times[min(len(times)-1, len(times)*percent/100)]) }
	return spread{at(50), at(90), at(99), ms(times[len(times)-1])}
}

// perSession is what one session asks of the servers, on average.
type perSession struct {
	Redis           float64            `json:"redis"`           // commands, without those below
	RedisPolls      float64            `json:"redisPolls"`      // of the phone's status calls
	RedisHandshakes float64            `json:"redisHandshakes"` // of new connections, and of scripts loaded
	RedisInside     float64            `json:"redisInside"`     // inside scripts
	RedisBy         map[string]float64 `json:"redisBy"`
	Ably            float64            `json:"ably"` // messages as billed
	AblyConnections float64            `json:"ablyConnections"`
	S3              float64            `json:"s3"` // requests
	S3By            map[string]float64 `json:"s3By"`
}

// perSessionOf divides what was counted. Commands that are none of the
// registry's scripts are new connections' or load a script.
func perSessionOf(before, after *ready.Counts, sessions int) *perSession {
	if after == nil {
		return nil
	}
	each := func(n int64) float64 { return float64(n) / float64(sessions) }
	p := &perSession{RedisBy: map[string]float64{}, S3By: map[string]float64{},
		Ably:            each(after.Ably.Published + after.Ably.Delivered - before.Ably.Published - before.Ably.Delivered),
		AblyConnections: each(after.Ably.Connections - before.Ably.Connections)}
	for name, n := range minus(after.Redis, before.Redis) {
		switch name {
		case redisregistry.Inside:
			p.RedisInside = each(n)
		case redisregistry.Handshake:
			p.RedisHandshakes = each(n)
		case "status":
			p.RedisPolls = each(n)
		default:
			p.RedisBy[name] = each(n)
			p.Redis += each(n)
		}
	}
	for name, n := range minus(after.S3, before.S3) {
		p.S3By[name] = each(n)
		p.S3 += each(n)
	}
	return p
}

// outcome sums the ledger up; its mu is held.
type outcome struct {
	told, landed, lost, doubled, failed int
	landing, telling                    spread
}

func (l *ledger) outcome() outcome {
	var t outcome
	var landing, telling []time.Duration
	for _, s := range l.shots {
		if !s.stored.IsZero() || !s.told.IsZero() {
			t.told++
		}
		if !s.durable.IsZero() {
			t.landed++
			if !s.put.IsZero() {
				landing = append(landing, max(0, s.durable.Sub(s.put)))
			}
		}
		if !s.told.IsZero() && !s.put.IsZero() {
			telling = append(telling, s.told.Sub(s.put))
		}
		if s.lost {
			t.lost++
		}
		if s.copies > 1 {
			t.doubled++
		}
		if s.failed {
			t.failed++
		}
	}
	t.landing, t.telling = spreadOf(landing), spreadOf(telling)
	return t
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func (s simulation) report(l *ledger, on *servers, took time.Duration, before, after *ready.Counts) *loadReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.file { // told that it is filed, and not there: lost
		for _, sh := range l.shots {
			sh.lost = sh.lost || sh.copies == 0 && !sh.told.IsZero()
		}
	}
	t := l.outcome()
	r := &loadReport{
		Servers: on.what, Workstations: s.workstations, Phones: s.phones, Images: s.images, SizeBytes: s.size,
		Together: s.together, Filed: s.file, Faults: append([]string{}, s.faults...), Seed: s.seed, Seconds: took.Seconds(),
		Sessions: l.done, Sent: len(l.shots), Told: t.told, Landed: t.landed, Lost: t.lost, Doubled: t.doubled,
		Failed: t.failed, Stuck: l.stucks, PutToLanded: t.landing, PutToTold: t.telling,
		Asked: perSessionOf(before, after, l.done), Phone: l.calls, Memory: l.memory,
	}
	r.Day, r.MemoryPeak = seedsDay(r), residentPeak("self")
	if n := len(r.Memory); n >= 5 {
		r.MemoryGrew = float64(r.Memory[n-1].Heap) / float64(r.Memory[1].Heap)
	}
	return r
}

// memoryBound is how much more may be held after many rounds than after two:
// a session's record stays until its retention is over, and the ledger grows.
const memoryBound = 1.5

// Good reports whether everything that was sent is where it must be, once,
// and memory did not grow.
func (r *loadReport) Good() bool {
	return r.MemoryGrew <= memoryBound && r.Lost == 0 && r.Doubled == 0 && sum(r.Stuck) == 0 && r.Landed == r.Sent && r.Sent == r.Sessions*r.Images
}

func (r *loadReport) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func (r *loadReport) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Servers)
	faults := ""
	if len(r.Faults) > 0 {
		faults = "; faults: " + strings.Join(r.Faults, ", ")
	}
	fmt.Fprintf(w, "%d workstations, %d sessions of %d images of about %d KB in %.1f s; seed %d%s\n",
		r.Workstations, r.Sessions, r.Images, r.SizeBytes/1000, r.Seconds, r.Seed, faults)
	fmt.Fprintf(w, "sent %d, phone told stored %d, landed %d, lost %d, doubled %d, refused %d\n",
		r.Sent, r.Told, r.Landed, r.Lost, r.Doubled, r.Failed)
	for _, why := range slices.Sorted(maps.Keys(r.Stuck)) {
		fmt.Fprintf(w, "stuck: %d sessions, %s\n", r.Stuck[why], why)
	}
	row := func(name string, s spread) {
		fmt.Fprintf(w, "%-48s p50 %7.1f ms   p90 %7.1f ms   p99 %7.1f ms   max %7.1f ms\n", name, s.P50, s.P90, s.P99, s.Max)
	}
	row("PUT answered to landed (durable)", r.PutToLanded)
	row("PUT answered to \"on the computer\" on the phone", r.PutToTold)
	if p := r.Asked; p != nil {
		fmt.Fprintf(w, "a session asks, on average:\n")
		fmt.Fprintf(w, "  Redis %.1f commands (%s)\n", p.Redis, parts(p.RedisBy))
		fmt.Fprintf(w, "  apart: %.1f for phone polls, %.1f for new connections; %.1f inside scripts\n", p.RedisPolls, p.RedisHandshakes, p.RedisInside)
		fmt.Fprintf(w, "  Ably %.1f messages as billed, %.1f connections\n", p.Ably, p.AblyConnections)
		fmt.Fprintf(w, "  S3 %.1f requests (%s)\n", p.S3, parts(p.S3By))
	}
	for _, m := range r.Memory {
		fmt.Fprintf(w, "held after %d sessions: %s\n", m.Sessions, m)
	}
	if r.MemoryPeak > 0 {
		fmt.Fprintf(w, "workstations and phones together took %d MB at most\n", r.MemoryPeak>>20)
	}
	if r.MemoryGrew > 0 {
		fmt.Fprintf(w, "held after the last round: %.2f x what was held after the second (bound %.1f x)\n", r.MemoryGrew, memoryBound)
	}
	if r.Day != nil {
		r.Day.print(w)
	}
}

func parts(m map[string]float64) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s %.1f", name, m[name]))
	}
	return strings.Join(out, ", ")
}

// memorySample is memory once what was garbage has been given back.
type memorySample struct {
	Sessions int              `json:"sessions"` // finished by then
	Heap     uint64           `json:"heap"`     // of all workstations and phones together
	RSS      map[string]int64 `json:"rss"`      // by process; empty where /proc is not there
}

func (m memorySample) String() string {
	out := fmt.Sprintf("heap %d MB", m.Heap>>20)
	for _, name := range slices.Sorted(maps.Keys(m.RSS)) {
		out += fmt.Sprintf(", %s %d MB resident", name, m.RSS[name]>>20)
	}
	return out
}

func (s *servers) memory(sessions int) memorySample {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m := memorySample{Sessions: sessions, Heap: stats.HeapInuse, RSS: map[string]int64{}}
	add := func(name string, pid string) {
		if rss := resident(pid); rss > 0 {
			m.RSS[name] = rss
		}
	}
	add("workstations and phones", "self")
	for name, c := range s.children {
		add(name, strconv.Itoa(c.cmd.Process.Pid))
	}
	return m
}

// resident is a process' memory in bytes, 0 where it cannot be known.
func resident(pid string) int64 { return procValue(pid, "VmRSS:") }

// residentPeak is the most it ever was.
func residentPeak(pid string) int64 { return procValue(pid, "VmHWM:") }

func procValue(pid, name string) int64 {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10
		}
	}
	return 0
}
