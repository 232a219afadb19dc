package app

import (
	"context"
	"time"
)

const (
	// savesAtOnce bounds how many writes of the index share one commit.
	savesAtOnce = 64
	// saveLinger is how long a commit waits for company while images wait to be
	// fetched: the disk that it would keep busy is what they wait for.
	saveLinger = 50 * time.Millisecond
)

// save writes the index in the order in which Step asked for it; what has
// queued up meanwhile shares one sync of the audit trail and one commit. At
// the end it writes what is still queued: a stop is no reason to forget.
func (e *Engine) save(ctx context.Context) error {
	for {
		select {
		case eff := <-e.saves:
			e.saveAll(ctx, e.alsoQueued(ctx, eff))
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), callDeadline)
			defer cancel()
			for {
				select {
				case eff := <-e.saves:
					e.saveAll(last, e.alsoQueued(ctx, eff))
				default:
					return nil
				}
			}
		}
	}
}

// alsoQueued is first and what else is queued: with many images on their way,
// also what is queued within saveLinger. ctx's end ends the waiting.
func (e *Engine) alsoQueued(ctx context.Context, first Effect) []Effect {
	batch := []Effect{first}
	var linger <-chan time.Time
	for len(batch) < savesAtOnce {
		select {
		case eff := <-e.saves:
			batch = append(batch, eff)
			continue
		default:
		}
		if linger == nil {
			if !e.backlog.waiting() || ctx.Err() != nil {
				return batch
			}
			linger = time.After(saveLinger)
		}
		select {
		case eff := <-e.saves:
			batch = append(batch, eff)
		case <-linger:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

// saveAll writes one batch: the audit trail first, so that nothing is durable
// without its line. A removal follows the writes it was asked after.
func (e *Engine) saveAll(ctx context.Context, batch []Effect) {
	var entries []AuditEntry
	var records []Record
	answers := make([]func(error) What, len(batch))
	for i, eff := range batch {
		var recs []Record
		var err error
		switch do := eff.Do.(type) {
		case SaveSession:
			recs, err = one(recordOfSession(do.Session))
			entries = append(entries, do.Audit...)
			answers[i] = func(all error) What { return SessionSaved{first(err, all)} }
		case SaveImage:
			recs, err = one(recordOfImage(eff.SID, do.Image))
			entries = append(entries, do.Audit...)
			answers[i] = func(all error) What { return ImageSaved{do.Image, first(err, all)} }
		case SaveKept:
			recs, err = one(recordOfKept(do.Kept))
			entries = append(entries, do.Audit...)
			answers[i] = func(all error) What { return KeptSaved{do.Kept, first(err, all)} }
		case DropFrozen:
			recs = e.frozenRecords(ctx, eff.SID, do)
			answers[i] = func(error) What { return nil } // what a failure leaves goes with the session
		case RemoveSession:
			entries = append(entries, do.Audit...)
			answers[i] = func(all error) What {
				if all == nil {
					all = e.ports.Spool.Remove(ctx, eff.SID)
				}
				return SessionRemoved{all}
			}
		}
		records = append(records, recs...)
	}
	err := e.note(ctx, entries)
	if err == nil && len(records) > 0 {
		err = e.ports.Spool.Save(ctx, records...)
	}
	for i, eff := range batch {
		if out := answers[i](err); out != nil {
			e.Send(Input{SID: eff.SID, What: out})
		}
	}
}

func (e *Engine) note(ctx context.Context, entries []AuditEntry) error {
	if e.ports.Audit == nil || len(entries) == 0 {
		return nil
	}
	return e.ports.Audit.Note(ctx, entries...)
}

func one(rec Record, err error) ([]Record, error) {
	if err != nil {
		return nil, err
	}
	return []Record{rec}, nil
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// frozenRecords name the bytes of a delivery whose receipts are in the index.
func (e *Engine) frozenRecords(ctx context.Context, sid SessionID, do DropFrozen) []Record {
	records := []Record{{SID: sid, Kind: RecordDelivery, Key: do.Delivery}}
	for _, sink := range do.Sinks {
		records = append(records, Record{SID: sid, Kind: RecordDelivery, Key: targetKey(do.Delivery, e.sinkName(sink))})
		parts, err := e.frozenParts(ctx, sid, do.Delivery, e.sinkName(sink))
		if err != nil || parts.Made == 0 {
			continue // it handed the pictures over as they are; or what it left goes with the session
		}
		records = append(records, Record{SID: sid, Kind: RecordDelivery, Key: partsKey(do.Delivery, e.sinkName(sink))})
		for n := range parts.Made {
			records = append(records, Record{SID: sid, Kind: RecordPart, Key: partKey(do.Delivery, e.sinkName(sink), n)})
		}
	}
	for _, id := range do.Images {
		records = append(records, Record{SID: sid, Kind: RecordItem, Key: itemKey(do.Delivery, id)})
	}
	return records
}
