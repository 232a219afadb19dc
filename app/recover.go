package app

import (
	"encoding/json"
	"slices"
	"strings"
)

// RecoveredSession is one session as its records tell it, for reading alone:
// no engine takes it up.
type RecoveredSession struct {
	Session Session
	Frozen  []Delivery // hand-overs whose bytes are still kept; an item that is missing is left out
	Unread  []Record   // records that say nothing: of a newer version, or not ours
}

// RecoverSession rebuilds a session from its own records, and returns false
// when the record of the session itself is not among them or cannot be read.
func RecoverSession(records []Record) (RecoveredSession, bool) {
	sessions, _ := restoreSessions(records)
	if len(sessions) != 1 {
		return RecoveredSession{}, false
	}
	out := RecoveredSession{Session: sessions[0]}
	frozen := map[string]*Delivery{}
	named := map[string]frozenItem{}
	for _, rec := range records {
		var d frozenDelivery
		if rec.Kind == RecordDelivery && json.Unmarshal(rec.Body, &d) == nil {
			for _, it := range d.Items {
				named[itemKey(rec.Key, it.Image)] = it
			}
		}
	}
	delivery := func(id string) *Delivery {
		if frozen[id] == nil {
			frozen[id] = &Delivery{ID: id, SID: out.Session.ID}
		}
		return frozen[id]
	}
	for _, rec := range records {
		understood := true
		switch rec.Kind {
		case RecordSession, RecordKept: // a kept phone holds nothing of a patient
		case RecordImage:
			_, understood = out.Session.Images[ImageID(rec.Key)]
		case RecordPart: // made of the items
		case RecordDelivery:
			if strings.Contains(rec.Key, "/") { // names parts
				break
			}
			understood = json.Unmarshal(rec.Body, &frozenDelivery{}) == nil
			delivery(rec.Key)
		case RecordItem:
			id, image, _ := strings.Cut(rec.Key, "/")
			it := named[rec.Key] // none: stopped before the delivery was whole
			d := delivery(id)
			d.Items = append(d.Items, DeliveryItem{Image: ImageID(image), Name: Seal(it.Name), JPEG: rec.Body, SHA256: it.SHA256})
		default:
			understood = false
		}
		if !understood {
			out.Unread = append(out.Unread, rec)
		}
	}
	for _, d := range frozen {
		out.Frozen = append(out.Frozen, *d)
	}
	slices.SortFunc(out.Frozen, func(a, b Delivery) int { return strings.Compare(a.ID, b.ID) })
	return out, true
}
