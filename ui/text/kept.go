package text

import "github.com/clinicpro-nz/images/app"

// KeptUntil says how long; clock is "18:00".
func KeptUntil(clock string) string { return fill(keptUntil, "time", clock) }

// CannotKeep says why a phone is not kept; "" for an end that needs no words.
func CannotKeep(why app.KeptEnd) string { return named("cannotKeep", why) }
