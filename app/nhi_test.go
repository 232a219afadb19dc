package app

import "testing"

func TestNHIVectors(t *testing.T) {
	// domain.md, "NHI (HISO 10046)".
	for _, valid := range []string{
		"ZZZ0016", "ZZZ0024", "ZAC5361", "ZAA0067", "ZAA0075", "JBX3656", "EPT6335", "CGC2720",
		"ACA31FM", "ASE37QK", "ARE62RS", "BGJ06AS", "BGA44DT", "BWT41BY", "ZSC21TN", "ZVB97XQ", "ZZZ00AC",
		" zzz0016 ",
	} {
		if _, _, err := ParseNHI(valid); err != nil {
			t.Errorf("%s refused: %v", valid, err)
		}
	}
	for _, invalid := range []string{
		"ZZZ0044", "ZZZ0041", "ZAC3561", "DAB8233", "ZZZ00AX", "ALU18KZ", "ZAD96LT",
		"", "ZZZ001", "ZZZ00166", "ZIZ0016", "ZZO0016", "ZZZ00IA", "1ZZ0016", "ZZZ0O1A", "ZZŽ0016",
	} {
		if nhi, _, err := ParseNHI(invalid); err == nil {
			t.Errorf("%s accepted as %s", invalid, nhi.Reveal())
		}
	}
}

func TestNHISuggestsLookalikes(t *testing.T) {
	for typed, meant := range map[string]string{"ZZZOO16": "ZZZ0016", "ZZZ00I6": "ZZZ0016", "ZAC536I": "ZAC5361", "ZZZ0044": ""} {
		_, suggest, err := ParseNHI(typed)
		if err == nil || suggest.Reveal() != meant {
			t.Errorf("%s: suggested %q, want %q (error %v)", typed, suggest.Reveal(), meant, err)
		}
	}
}

func FuzzParseNHI(f *testing.F) {
	f.Add("ZZZ0016")
	f.Add("BWT41BY")
	f.Fuzz(func(t *testing.T, s string) {
		nhi, _, err := ParseNHI(s)
		if err != nil {
			return
		}
		if again, _, err := ParseNHI(nhi.Reveal()); err != nil || again != nhi {
			t.Errorf("%q was accepted but its own form is not", s)
		}
	})
}
