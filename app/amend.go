package app

// amend asks for the details that the registry holds and this image has not.
func (w *work) amend(im *Image) {
	if w.s.lost || im.amending || !im.amendable() || w.at.Before(im.amendDue) {
		return
	}
	im.amending = true
	w.do(FetchDetails{im.ID})
}

// frozen reports whether the image's details stay as they are: what is handed
// over, or was, had them already.
func (im Image) frozen() bool { return im.State != ImageLanded || im.Delivery != "" }

func (im Image) amendable() bool {
	return !im.frozen() && im.announced > max(im.Amended, im.unusable)
}

// noticed takes up what the registry says it holds. A registry that holds
// less than before has lost it: the phone sends it again.
func (im *Image) noticed(n int) {
	if im.announced = n; n < im.unusable {
		im.unusable = 0
	}
}

// amended takes details in, the highest number last. An amendment that nobody
// can read, or that is not there, is left alone: the details before it stand.
func (w *work) amended(in Amended) {
	im, ok := w.s.Images[in.Image]
	if !ok {
		return
	}
	im.amending = false
	w.health(AreaRegistry, in.Err)
	switch kind := KindOf(in.Err); {
	case kind == KindCorrupt || kind == KindNotFound:
		im.unusable = max(im.unusable, im.announced, in.N)
		w.s.readAgain = w.s.readAgain || kind == KindNotFound
	case kind != "":
		im.amendTries++
		im.amendDue = w.at.Add(backoff(im.amendTries))
	case !im.frozen() && in.N > im.Amended:
		im.said(in.Details)
		im.Amended, im.amendTries, im.dirty = in.N, 0, true
	}
	w.s.Images[im.ID] = im
}
