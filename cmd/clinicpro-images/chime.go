package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// Form of the chime: PCM, one channel, 16 bits, little-endian.
const (
	chimeRate = 22050 // Hz
	chimeFor  = 220 * time.Millisecond
	chimePeak = 0.12 // of full scale: heard beside a conversation, not over it
)

// chimeSamples draws the chime: two soft tones, a fifth apart, that fade.
var chimeSamples = sync.OnceValue(func() []byte {
	n := int(chimeRate * chimeFor / time.Second)
	out := make([]byte, 0, 2*n)
	for i := range n {
		t := float64(i) / chimeRate
		fade := math.Exp(-14*t) * math.Min(t/0.006, 1) * math.Min((chimeFor.Seconds()-t)/0.01, 1)
		v := chimePeak * fade * (0.7*math.Sin(2*math.Pi*659.3*t) + 0.3*math.Sin(2*math.Pi*987.8*t))
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(v*math.MaxInt16)))
	}
	return out
})

// chimeWAV is the chime as a WAV file (RIFF, format 1).
func chimeWAV() []byte {
	pcm := chimeSamples()
	var b bytes.Buffer
	le := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // to a buffer: never fails
	b.WriteString("RIFF")
	le(uint32(36 + len(pcm)))
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le([2]uint16{1, 1})
	le([2]uint32{chimeRate, 2 * chimeRate})
	le([2]uint16{2, 16})
	b.WriteString("data")
	le(uint32(len(pcm)))
	b.Write(pcm)
	return b.Bytes()
}
