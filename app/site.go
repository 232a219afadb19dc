package app

import "slices"

// Site is a body site as the phone and the workstation name it. The table is
// assets/sites.json, which the page is built with.
type Site struct {
	ID   string `json:"id"`
	SCT  string `json:"sct"` // SNOMED CT body structure
	Name string `json:"name"`
}

// Sites are all body sites there are, from head to foot.
func Sites() []Site { return slices.Clone(sites) }

// SiteOf returns the site of an id, and false when there is none.
func SiteOf(id string) (Site, bool) {
	i := slices.IndexFunc(sites, func(s Site) bool { return s.ID == id })
	if i < 0 {
		return Site{}, false
	}
	return sites[i], true
}

var sites = []Site{
	{"face", "89545001", "Face"},
	{"scalp", "41695006", "Scalp"},
	{"trunk", "22943007", "Trunk"},
	{"upper-limb", "53120007", "Upper limb"},
	{"upper-arm", "40983000", "Upper arm"},
	{"forearm", "14975008", "Forearm"},
	{"hand", "85562004", "Hand"},
	{"finger", "7569003", "Finger"},
	{"lower-limb", "61685007", "Lower limb"},
	{"lower-leg", "30021000", "Lower leg"},
	{"foot", "56459004", "Foot"},
}
