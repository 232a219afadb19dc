// Package cmd holds the programs, one folder each. It has no code of its own:
// its test holds the rules on who may import whom.
package cmd
