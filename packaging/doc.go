// Package packaging holds no code: the scripts beside it make and verify the
// packages, and its tests drive those scripts.
package packaging
