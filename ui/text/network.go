package text

// NoNetwork says that no phone reaches local mode on this computer.
var NoNetwork = Sentence{"This computer is on no network, so no phone can reach it.",
	"Photos that have arrived are on this computer and can be filed.",
	"Connect it to the network that the phones are on. A new code is shown then."}
