package audit

import "crypto/sha256"

// noted remembers what has been noted, in the two newest months that have
// lines: by months that exist and not by the calendar, so that a workstation
// that was off for half a year still knows the lines it wrote last. That is
// enough: a note is made again only by a start that follows a crash, about
// what the crash cut off, which is the last that was written; and a session
// is removed a week after it is done. A note older than that made again is a
// second line, not a lost one.
type noted struct {
	month         string
	newest, older map[[sha256.Size]byte]struct{}
}

func (n *noted) add(month, key string) {
	if n.newest == nil || month > n.month {
		n.month, n.older, n.newest = month, n.newest, map[[sha256.Size]byte]struct{}{}
	}
	n.newest[sha256.Sum256([]byte(key))] = struct{}{}
}

func (n *noted) has(key string) bool {
	sum := sha256.Sum256([]byte(key))
	_, a := n.newest[sum]
	_, b := n.older[sum]
	return a || b
}
