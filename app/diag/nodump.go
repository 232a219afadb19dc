package diag

// NoDump keeps this process's memory, which holds patients' pictures and keys,
// out of crash dumps: Windows Error Reporting on Windows, core files
// elsewhere. Call it first in main. What cannot be had is no reason not to
// start, so it reports nothing; docs/security.md says what IT can add.
func NoDump() { noDump() }
