package config

import (
	"fmt"
	"strings"
)

// ParseEnv reads NAME=value lines as a .env file has them: empty lines, lines
// that begin with #, "export " before a name, and values in single or double
// quotes. The error names a line, and never its text: that may be a secret.
func ParseEnv(text string) (map[string]string, error) {
	out := map[string]string{}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsAny(name, " \t\"'") {
			return nil, fmt.Errorf("line %d: want NAME=value", n)
		}
		if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
			if len(value) < 2 || value[len(value)-1] != value[0] {
				return nil, fmt.Errorf("line %d: the quotation mark is not closed", n)
			}
			value = value[1 : len(value)-1]
		}
		out[name] = value
	}
	return out, nil
}
