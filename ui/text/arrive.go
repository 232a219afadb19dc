package text

// Source says where a patient's name came from; "" for no patient.
func Source(code string) string { return named("source", code) }

// AskUnfiled says that somebody else's photos are not filed yet; name is "" for
// a session without a patient.
func AskUnfiled(name string) string {
	if name == "" {
		return askUnfiledNobody
	}
	return fill(askUnfiled, "name", name)
}
