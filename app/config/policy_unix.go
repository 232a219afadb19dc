//go:build !windows

package config

import (
	"errors"
	"io/fs"
	"os"
)

// PolicyPlace is where the machine's policy lies.
const PolicyPlace = "/etc/clinicpro-images/policy.toml"

// policyEnv names another policy file, for tests. It gives nobody a right:
// what the user's own file says goes before the policy anyhow.
const policyEnv = "CLINICPRO_POLICY"

func machinePolicy() ([]layer, error) {
	path := PolicyPlace
	if other := os.Getenv(policyEnv); other != "" {
		path = other
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return []layer{{path, text}}, err
}
