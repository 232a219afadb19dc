package app

import "slices"

// From the GP, in the review.
type (
	// Retouch adds an edit to an image.
	Retouch struct {
		Image ImageID
		Edit  Edit
	}
	// Undo takes the last edit of an image back.
	Undo struct{ Image ImageID }
	// Describe says something of images: what is set in Set replaces what the
	// phone said, for good.
	Describe struct {
		Images []ImageID
		Set    DetailsSet
	}
	// PutAside takes images out of what is filed. They can be put back until
	// the others are filed or the session ends; then they are discarded.
	PutAside struct{ Images []ImageID }
	PutBack  struct{ Images []ImageID }
)

func (Retouch) what()  {}
func (Undo) what()     {}
func (Describe) what() {}
func (PutAside) what() {}
func (PutBack) what()  {}

// DetailsSet names the members of Details that are set; nil leaves one as it
// is. A pointer to the zero value says that nothing is known of it.
type DetailsSet struct {
	Caption  *Sealed
	Site     *string
	Side     *Side
	View     *View
	Type     *ImageType
	Intimate *bool
}

// Own says which members of an image's Details are the GP's own: no amendment
// of the phone replaces them.
type Own struct{ Caption, Site, Side, View, Type, Intimate, Rotate bool }

// apply returns d with what is set, and own with its names.
func (set DetailsSet) apply(d Details, own Own) (Details, Own) {
	if set.Caption != nil {
		d.Caption, own.Caption = *set.Caption, true
	}
	if set.Site != nil {
		d.Site, own.Site = *set.Site, true
	}
	if set.Side != nil {
		d.Side, own.Side = *set.Side, true
	}
	if set.View != nil {
		d.View, own.View = *set.View, true
	}
	if set.Type != nil {
		d.Type, own.Type = *set.Type, true
	}
	if set.Intimate != nil {
		d.Intimate, own.Intimate = *set.Intimate, true
	}
	return d.Known(), own
}

// said takes in what the phone says of the image, but for what is the GP's own.
func (im *Image) said(d Details) {
	was, own := im.Details, im.Own
	if own.Caption {
		d.Caption = was.Caption
	}
	if own.Site {
		d.Site = was.Site
	}
	if own.Side {
		d.Side = was.Side
	}
	if own.View {
		d.View = was.View
	}
	if own.Type {
		d.Type = was.Type
	}
	if own.Intimate {
		d.Intimate = was.Intimate
	}
	if own.Rotate {
		d.Rotate = was.Rotate
	}
	im.Details = d
}

// Missing are the details that the practice requires and nobody has given. An
// image that is on its way to be handed over, or was, lacks nothing any more.
func (s Session) Missing(im Image) []Detail {
	if im.frozen() || im.Aside {
		return nil
	}
	var out []Detail
	for _, d := range s.Row.Asks.Require {
		if !im.Details.has(d) {
			out = append(out, d)
		}
	}
	return out
}

func (d Details) has(what Detail) bool {
	switch what {
	case DetailSite:
		return d.Site != ""
	case DetailSide:
		return d.Side != ""
	case DetailView:
		return d.View != ""
	case DetailType:
		return d.Type != ""
	}
	return true
}

// Lacking counts the images that would be filed but for what they lack.
func (s Session) Lacking() (n int) {
	for _, im := range s.Images {
		if im.CanFile() && len(s.Missing(im)) > 0 {
			n++
		}
	}
	return n
}

// review takes in what the GP does in the review.
func (w *work) review(what What) {
	switch in := what.(type) {
	case Retouch:
		w.change([]ImageID{in.Image}, Image.Editable, func(im *Image) {
			if in.Edit.Valid() && len(im.Edits) < MaxEdits {
				im.Edits = append(slices.Clip(im.Edits), in.Edit)
				im.Own.Rotate = im.Own.Rotate || in.Edit.Kind == EditTurn || in.Edit.Kind == EditBack
			}
		})
	case Undo:
		w.change([]ImageID{in.Image}, Image.Editable, func(im *Image) {
			im.Edits = im.Edits[:max(len(im.Edits)-1, 0):max(len(im.Edits)-1, 0)]
		})
	case Describe:
		w.change(in.Images, Image.Editable, func(im *Image) { im.Details, im.Own = in.Set.apply(im.Details, im.Own) })
	case PutAside:
		w.change(in.Images, Image.Editable, func(im *Image) { im.Aside = true })
	case PutBack:
		w.change(in.Images, func(im Image) bool { return im.Aside && im.State == ImageLanded }, func(im *Image) { im.Aside = false })
	}
}

func (w *work) change(ids []ImageID, may func(Image) bool, do func(*Image)) {
	for _, id := range ids {
		if im, ok := w.s.Images[id]; ok && may(im) {
			do(&im)
			im.dirty = true
			w.s.Images[id] = im
		}
	}
}

// discardAside makes an end of what was put aside.
func (w *work) discardAside() {
	for id, im := range w.s.Images {
		if im.Aside && im.State == ImageLanded && !im.Filing {
			im.State, im.dirty = ImageDiscarded, true
			w.s.Images[id] = im
		}
	}
}
