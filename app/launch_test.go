package app

import "testing"

func TestLaunchAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"clinicpro-images://launch?context=YWJj&signature=ZGVm":                     true,
		"clinicpro-images://launch/?signature=ZGVm&context=YWJj%3D":                 true,
		"clinicpro-images://launch?context=a+b/c==&signature=ZGVm":                  true,
		"clinicpro-images://launch?context=YWJj":                                    false,
		"clinicpro-images://launch?context=YWJj&signature=":                         false,
		"clinicpro-images://launch?context=YWJj&signature=ZGVm&nhi=ZZZ0016":         false,
		"clinicpro-images://launch?context=YWJj&context=YWJj&signature=ZGVm":        false,
		"clinicpro-images://launch/patient?context=YWJj&signature=ZGVm":             false,
		"clinicpro-images://other?context=YWJj&signature=ZGVm":                      false,
		"clinicpro-images://who@launch?context=YWJj&signature=ZGVm":                 false,
		"https://launch?context=YWJj&signature=ZGVm":                                false,
		"clinicpro-images://launch?context=..%2F..%2FPatient%3Fa&signature=ZGVm":    false,
		"clinicpro-images://launch?context=Aroha%20Testperson&signature=ZGVm":       false,
		"clinicpro-images://launch?context=YWJj&signature=ZGVm%0d%0aX-Injected:%20": false,
		"": false,
	} {
		l, err := ParseLaunch(address)
		if (err == nil) != ok || ok && l.Signature.Reveal() != "ZGVm" {
			t.Errorf("%s: %v", address, err)
		}
		if !ok && KindOf(err) != KindCorrupt {
			t.Errorf("%s: %s", address, KindOf(err))
		}
	}
}

func FuzzParseLaunch(f *testing.F) {
	f.Add("clinicpro-images://launch?context=YWJj&signature=ZGVm")
	f.Fuzz(func(t *testing.T, address string) {
		l, err := ParseLaunch(address)
		if err == nil && (!launchPart(l.Context.Reveal()) || !launchPart(l.Signature.Reveal())) {
			t.Error("a launch holds what no launch may")
		}
	})
}
