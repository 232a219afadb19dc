//go:build !windows

package config

import (
	"errors"
	"io/fs"
	"os"
)

// PolicyPlace is where the machine's policy lies.
const PolicyPlace = "/etc/clinicpro-images/policy.toml"

// policyEnv names a policy file, for tests. It is heard only where the machine
// has no policy: nobody gets around one with it.
const policyEnv = "CLINICPRO_POLICY"

func machinePolicy() ([]layer, error) { return policyOf(PolicyPlace, os.Getenv(policyEnv)) }

// policyOf reads the first of the files that is there.
func policyOf(paths ...string) ([]layer, error) {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if path == "" || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return []layer{{path, text, true}}, err
	}
	return nil, nil
}
