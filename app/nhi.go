package app

import (
	"fmt"
	"strings"
)

// NHI is a National Health Index number in either format of HISO 10046,
// AAANNNC or AAANNAX, upper case and with a right check character. Sealed.
type NHI struct{ Sealed }

const nhiAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"

// ParseNHI accepts spaces around and lower case, and returns the number, or a
// KindCorrupt error that does not repeat it. When only O for 0 or I for 1 (or
// the reverse) is wrong, suggest holds the one number that was probably
// meant; it is never taken without asking.
func ParseNHI(s string) (nhi NHI, suggest NHI, err error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if validNHI(s) {
		return NHI{Seal(s)}, NHI{}, nil
	}
	if fixed := swapLookalikes(s); fixed != s && validNHI(fixed) {
		suggest = NHI{Seal(fixed)}
	}
	return NHI{}, suggest, E("read NHI", KindCorrupt, fmt.Errorf("the check character does not fit"))
}

// Tail returns the last three characters: what the phone may show.
func (n NHI) Tail() string {
	v := n.Reveal()
	if len(v) < 3 {
		return ""
	}
	return v[len(v)-3:]
}

func validNHI(s string) bool {
	if len(s) != 7 {
		return false
	}
	sum := 0
	for i := range 6 {
		v := nhiValue(s[i])
		letter := v > 0 && s[i] > '9'
		digit := s[i] >= '0' && s[i] <= '9'
		switch {
		case i < 3 && !letter, i >= 3 && i < 5 && !digit, i == 5 && !letter && !digit:
			return false
		}
		sum += v * (7 - i)
	}
	last := s[6]
	if s[5] <= '9' { // AAANNNC
		r := sum % 11
		return r != 0 && int(last)-'0' == (11-r)%10
	}
	return last == nhiAlphabet[23-sum%23-1] // AAANNAX
}

// nhiValue is a digit's own value, or a letter's place 1 to 24; I and O have none.
func nhiValue(c byte) int {
	if c >= '0' && c <= '9' {
		return int(c - '0')
	}
	return strings.IndexByte(nhiAlphabet, c) + 1
}

// swapLookalikes puts digits where digits belong and letters cannot stand.
func swapLookalikes(s string) string {
	b := []byte(s)
	for i := range b {
		if i == 3 || i == 4 || i == 5 || i == 6 {
			switch b[i] {
			case 'O':
				b[i] = '0'
			case 'I':
				b[i] = '1'
			}
		}
	}
	return string(b)
}
