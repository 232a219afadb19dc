package app_test

import (
	"strings"
	"testing"

	"github.com/clinicpro-nz/images/app"
)

func TestLaunchLinks(t *testing.T) {
	for link, want := range map[string][2]string{
		"clinicpro-images://launch?context=abc&signature=def":            {"abc", "def"},
		"clinicpro-images://launch/?signature=d-e_f&context=a%2Bb%3D%3D": {"a+b==", "d-e_f"},
		"clinicpro-images://launch?context=a+b/c==&signature=0f":         {"a+b/c==", "0f"},
	} {
		l, err := app.ParseLaunch(link)
		if err != nil || l.Context.Reveal() != want[0] || l.Signature.Reveal() != want[1] {
			t.Errorf("%s: %v", link, err)
		}
	}
	long := strings.Repeat("a", 2049)
	for _, link := range []string{
		"", "launch", "https://launch?context=a&signature=b", "clinicpro-images:launch?context=a&signature=b",
		"clinicpro-images://other?context=a&signature=b", "clinicpro-images://launch/x?context=a&signature=b",
		"clinicpro-images://launch:80?context=a&signature=b", "clinicpro-images://u@launch?context=a&signature=b",
		"clinicpro-images://launch?context=a", "clinicpro-images://launch?context=a&signature=",
		"clinicpro-images://launch?context=a&context=b&signature=c", "clinicpro-images://launch?context=a&signature=b&name=Aroha",
		"clinicpro-images://launch?context=a&signature=b&nhi=ZZZ0016", "clinicpro-images://launch?context=a&signature=b#c",
		"clinicpro-images://launch?context=a%20b&signature=c", "clinicpro-images://launch?context=a%0Ab&signature=c",
		"clinicpro-images://launch?context=a;signature=b", "clinicpro-images://launch?context=<x>&signature=b",
		"clinicpro-images://launch?context=" + long + "&signature=b", "-agent", "clinicpro-images://launch?%zz",
	} {
		if _, err := app.ParseLaunch(link); app.KindOf(err) != app.KindCorrupt {
			t.Errorf("%.60s: %v", link, err)
		} else if strings.Contains(err.Error(), "ZZZ0016") || strings.Contains(err.Error(), "Aroha") {
			t.Errorf("the error repeats the link: %v", err)
		}
	}
}

// FuzzLaunch: whatever is accepted is two values of the alphabet.
func FuzzLaunch(f *testing.F) {
	f.Add("clinicpro-images://launch?context=abc&signature=def")
	f.Add("clinicpro-images://launch?context=a+b%2F&signature==")
	f.Fuzz(func(t *testing.T, link string) {
		l, err := app.ParseLaunch(link)
		if err != nil {
			return
		}
		for _, v := range []string{l.Context.Reveal(), l.Signature.Reveal()} {
			if v == "" || len(v) > 2048 || strings.ContainsAny(v, " \r\n\t\"'<>&?#%\\;|$`") {
				t.Errorf("accepted %q", v)
			}
		}
	})
}
