package main

import (
	"fmt"
	"io"
	"math"
)

// The seed's load: 100 GPs with 10 sessions of 5 images of 1 MB a day, and 22
// working days a month.
const (
	daySessions = 1000
	dayImages   = 5000
	dayGPs      = 100
	monthDays   = 22
)

// Prices and limits as the services publish them, in US dollars. They change:
// whoever buys looks first.
const (
	upstashFreeCommands = 500_000 // a month; the seed says 10,000 a day, an older plan
	upstashPer100K      = 0.20
	ablyFreeMessages    = 6_000_000 // a month
	ablyFreeAtOnce      = 200       // connections, and channels
	ablyStandard        = 29.0
	ablyPerMillion      = 2.50
	s3PutPer1000        = 0.0055
	s3GetPer1000        = 0.00044
)

// day is what the seed's load asks of the services, from what this run's
// sessions asked.
type day struct {
	Redis       float64 `json:"redis"` // commands a day, phone polls with them
	RedisInside float64 `json:"redisInside"`
	Ably        float64 `json:"ably"` // messages a day as billed
	S3Puts      float64 `json:"s3Puts"`
	S3Lists     float64 `json:"s3Lists"`
	S3Reads     float64 `json:"s3Reads"` // GET and HEAD; DELETE costs nothing
	Upstash     string  `json:"upstash"`
	AblyPlan    string  `json:"ablyPlan"`
	S3          string  `json:"s3"`
}

// seedsDay scales the run to the seed's load. S3 goes by the image, Redis and
// Ably by the session.
func seedsDay(r *loadReport) *day {
	p := r.Asked
	if p == nil || r.Sent == 0 {
		return nil
	}
	perImage := float64(dayImages) * float64(r.Sessions) / float64(r.Sent)
	scale := perImage / daySessions // a session of five images, whatever this run had
	d := &day{
		Redis: (p.Redis + p.RedisPolls) * daySessions * scale, RedisInside: p.RedisInside * daySessions * scale,
		Ably:   p.Ably * daySessions * scale,
		S3Puts: p.S3By["put"] * perImage, S3Lists: 2 * daySessions, // the second comes after six minutes
		S3Reads: (p.S3By["get"] + p.S3By["head"]) * perImage,
	}
	d.Upstash = upstashPlan(d.Redis * monthDays)
	d.AblyPlan = ablyPlan(d.Ably * monthDays)
	cost := monthDays * ((d.S3Puts+d.S3Lists)*s3PutPer1000 + d.S3Reads*s3GetPer1000) / 1000
	d.S3 = fmt.Sprintf("$%.2f a month for requests; storage near nothing while objects go as they land", cost)
	return d
}

func upstashPlan(month float64) string {
	if month <= upstashFreeCommands {
		return fmt.Sprintf("Free (%.0f of 500,000 commands a month)", month)
	}
	return fmt.Sprintf("Pay as you go, $%.2f a month (%.0f commands; Free ends at 500,000)", math.Ceil(month/1e5)*upstashPer100K, month)
}

func ablyPlan(month float64) string {
	if month <= ablyFreeMessages && dayGPs <= ablyFreeAtOnce {
		return fmt.Sprintf("Free (%.0f of 6,000,000 messages a month; %d of 200 connections and channels at once)", month, dayGPs)
	}
	return fmt.Sprintf("Standard, $%.2f a month and connection minutes (%.0f messages)", ablyStandard+month/1e6*ablyPerMillion, month)
}

func (d *day) print(w io.Writer) {
	fmt.Fprintf(w, "the seed's day (%d sessions, %d images, %d working days a month):\n", daySessions, dayImages, monthDays)
	fmt.Fprintf(w, "  Redis %.0f commands a day. Upstash: %s\n", d.Redis, d.Upstash)
	fmt.Fprintf(w, "    taken that a script is billed as one command; with its inner commands it were %.0f a day\n", d.Redis+d.RedisInside)
	fmt.Fprintf(w, "  Ably %.0f messages a day. Plan: %s\n", d.Ably, d.AblyPlan)
	fmt.Fprintf(w, "  S3 %.0f PUT, %.0f LIST, %.0f GET and HEAD a day: %s\n", d.S3Puts, d.S3Lists, d.S3Reads, d.S3)
}
