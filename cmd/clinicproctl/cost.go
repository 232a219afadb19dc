package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"
)

// prices are what the services ask for, in US dollars.
type prices struct {
	AsOf string `toml:"as_of" json:"asOf"`
	S3   struct {
		Per1000Put float64 `toml:"per_1000_put" json:"per1000Put"`
		Per1000Get float64 `toml:"per_1000_get" json:"per1000Get"`
		PerGBMonth float64 `toml:"per_gb_month" json:"perGbMonth"`
		PerGBOut   float64 `toml:"per_gb_out" json:"perGbOut"`
		GBOutFree  float64 `toml:"gb_out_free" json:"gbOutFree"`
	} `toml:"s3" json:"s3"`
	Redis struct {
		FreeCommands float64 `toml:"free_commands" json:"freeCommands"`
		Per100000    float64 `toml:"per_100000" json:"per100000"`
	} `toml:"redis" json:"redis"`
	Ably struct {
		FreeMessages    float64 `toml:"free_messages" json:"freeMessages"`
		FreeConnections float64 `toml:"free_connections" json:"freeConnections"`
		Plan            float64 `toml:"plan" json:"plan"`
		Per1000000      float64 `toml:"per_1000000" json:"per1000000"`
	} `toml:"ably" json:"ably"`
}

//go:embed prices.toml
var todaysPrices []byte

// load is how much a practice, or all of them, takes photos.
type load struct {
	GPs      float64 `json:"gps"`      // at once
	Sessions float64 `json:"sessions"` // a GP, a day
	Images   float64 `json:"images"`   // a session
	MB       float64 `json:"mb"`       // an image
	Days     float64 `json:"days"`     // a month
}

// measured is what one session asked of the services, by the simulator.
type measured struct {
	Images     int
	PerSession struct {
		Redis, RedisPolls, RedisHandshakes float64
		Ably                               float64
		S3By                               map[string]float64
	}
}

// bill is a month.
type bill struct {
	Sessions      float64 `json:"sessions"`
	Images        float64 `json:"images"`
	GB            float64 `json:"gb"`
	S3Puts        float64 `json:"s3Puts"` // and lists
	S3Gets        float64 `json:"s3Gets"` // and heads
	RedisCommands float64 `json:"redisCommands"`
	AblyMessages  float64 `json:"ablyMessages"`
	S3Requests    float64 `json:"s3RequestsUSD"`
	S3Storage     float64 `json:"s3StorageUSD"` // if nothing were deleted before its day is over
	S3Out         float64 `json:"s3OutUSD"`
	Redis         float64 `json:"redisUSD"`
	Ably          float64 `json:"ablyUSD"`
	Total         float64 `json:"totalUSD"`
}

const costAbout = `It multiplies what one session asked of the services, as the simulator measured
it (clinicproctl simulate -json FILE), by the load given. Without -report it takes
the requests that the design allows a session (docs/operations.md). Without flags the
load is the one of the set-up page that this product began with.`

// cost says what a month costs.
func cost(_ context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flagSet("cost", stderr)
	var l load
	fs.Float64Var(&l.GPs, "gps", 100, "workstations at once")
	fs.Float64Var(&l.Sessions, "sessions", 10, "sessions a workstation and day")
	fs.Float64Var(&l.Images, "images", 5, "images a session")
	fs.Float64Var(&l.MB, "mb", 1, "megabytes an image")
	fs.Float64Var(&l.Days, "days", 22, "working days a month")
	report := fs.String("report", "", "the simulator's report, a JSON `file`")
	priceFile := fs.String("prices", "", "a price `file` like the built-in one (-show-prices)")
	show := fs.Bool("show-prices", false, "print the prices that are used, as a file to change")
	asJSON := fs.Bool("json", false, "answer as JSON")
	if err := fs.Parse(args); err != nil || fs.NArg() > 0 {
		return exitUsage
	}
	text := todaysPrices
	if *priceFile != "" {
		var err error
		if text, err = os.ReadFile(*priceFile); err != nil {
			return failed(stderr, sentence("The price file "+*priceFile+" cannot be read."))
		}
	}
	if *show {
		_, _ = stdout.Write(text)
		return exitDone
	}
	var p prices
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&p); err != nil {
		where := "it is no TOML, or has an unknown name"
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			row, _ := bad.Position()
			where = fmt.Sprintf("line %d", row)
		}
		return failed(stderr, sentence("The price file cannot be used: "+where+"."))
	}
	if l.GPs <= 0 || l.Sessions <= 0 || l.Images <= 0 || l.MB <= 0 || l.Days <= 0 || l.Days > 31 {
		fmt.Fprintln(stderr, "Every number of the load has to be more than nothing, and a month has at most 31 days.")
		return exitUsage
	}
	m, source, err := sessionOf(*report)
	if err != nil {
		return failed(stderr, err)
	}
	b := monthOf(l, m, p)
	answer(stdout, *asJSON, map[string]any{"load": l, "prices": p, "requests": source, "month": b}, func(w io.Writer) { b.print(w, l, p, source) })
	return exitDone
}

// sessionOf is what a session asks for: by a report, else by design section 5.
func sessionOf(path string) (m measured, source string, err error) {
	if path == "" {
		m.Images = 5
		m.PerSession.Redis, m.PerSession.Ably = 20, 16
		m.PerSession.S3By = map[string]float64{"put": 5, "list": 2, "get": 5, "head": 5, "delete": 5}
		return m, "the design's allowance for a session of five images", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return m, "", sentence("The report " + path + " cannot be read.")
	}
	if json.Unmarshal(text, &m) != nil || m.Images < 1 || len(m.PerSession.S3By) == 0 {
		return m, "", sentence("The report " + path + " counts no requests: it has to come from clinicproctl simulate -json against servers that it counts at.")
	}
	return m, "measured: " + path, nil
}

func monthOf(l load, m measured, p prices) bill {
	scale := l.Images / float64(m.Images) // requests go with images; those that go with sessions are few
	s := m.PerSession
	b := bill{Sessions: l.GPs * l.Sessions * l.Days}
	b.Images = b.Sessions * l.Images
	b.GB = b.Images * l.MB / 1000
	b.S3Puts = b.Sessions * (s.S3By["put"]*scale + s.S3By["list"])
	b.S3Gets = b.Sessions * (s.S3By["get"] + s.S3By["head"]) * scale
	b.RedisCommands = b.Sessions * (s.Redis + s.RedisPolls + s.RedisHandshakes) * scale
	b.AblyMessages = b.Sessions * s.Ably * scale
	b.S3Requests = b.S3Puts/1000*p.S3.Per1000Put + b.S3Gets/1000*p.S3.Per1000Get
	b.S3Storage = b.GB / l.Days * p.S3.PerGBMonth // at most a day's worth lies there
	b.S3Out = max(0, b.GB-p.S3.GBOutFree) * p.S3.PerGBOut
	if b.RedisCommands > p.Redis.FreeCommands {
		b.Redis = b.RedisCommands / 100_000 * p.Redis.Per100000
	}
	if b.AblyMessages > p.Ably.FreeMessages || l.GPs > p.Ably.FreeConnections {
		b.Ably = p.Ably.Plan + b.AblyMessages/1_000_000*p.Ably.Per1000000
	}
	b.Total = b.S3Requests + b.S3Storage + b.S3Out + b.Redis + b.Ably
	return b
}

func (b bill) print(w io.Writer, l load, p prices, source string) {
	fmt.Fprintf(w, "%.0f workstations, %.0f sessions a day each, %.0f images of %.1f MB a session, %.0f days:\n", l.GPs, l.Sessions, l.Images, l.MB, l.Days)
	fmt.Fprintf(w, "%.0f sessions, %.0f images, %.0f GB a month. Requests: %s. Prices of %s, US dollars.\n\n", b.Sessions, b.Images, b.GB, source, p.AsOf)
	fmt.Fprintf(w, "  S3 requests   %10.2f   %.0f PUT and LIST, %.0f GET and HEAD\n", b.S3Requests, b.S3Puts, b.S3Gets)
	fmt.Fprintf(w, "  S3 storage    %10.2f   at most, if each image lay there for its whole day; they go as they land\n", b.S3Storage)
	fmt.Fprintf(w, "  S3 to outside %10.2f   each image once to its workstation; %.0f GB a month are free\n", b.S3Out, p.S3.GBOutFree)
	fmt.Fprintf(w, "  Redis         %10.2f   %.0f commands; %.0f a month are free\n", b.Redis, b.RedisCommands, p.Redis.FreeCommands)
	fmt.Fprintf(w, "  Ably          %10.2f   %.0f messages; %.0f a month and %.0f workstations at once are free\n", b.Ably, b.AblyMessages, p.Ably.FreeMessages, p.Ably.FreeConnections)
	fmt.Fprintf(w, "  together      %10.2f   a month, without the gateway's own machine\n", b.Total)
}
