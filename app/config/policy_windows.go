package config

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/windows/registry"
)

// PolicyPlace is where the machine's policy lies.
const PolicyPlace = `HKLM\Software\Policies\ClinicPro\Images`

// machinePolicy reads what a per-user installation was given, and the policy
// over it.
func machinePolicy() ([]layer, error) {
	var out []layer
	for _, at := range []struct {
		root  registry.Key
		path  string
		where string
		firm  bool // its user cannot write there
	}{
		{registry.CURRENT_USER, `Software\ClinicPro\Images`, `HKCU\Software\ClinicPro\Images`, false},
		{registry.LOCAL_MACHINE, `Software\Policies\ClinicPro\Images`, PolicyPlace, true},
	} {
		values, err := registryValues(at.root, at.path)
		if errors.Is(err, registry.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: cannot be read", at.where)
		}
		l, err := valueLayer(at.where, values)
		if err != nil {
			return nil, err
		}
		l.firm = at.firm
		out = append(out, l)
	}
	return out, nil
}

func registryValues(root registry.Key, path string) (map[string]string, error) {
	key, err := registry.OpenKey(root, path, registry.QUERY_VALUE)
	if err != nil {
		return nil, err
	}
	defer key.Close()
	names, err := key.ReadValueNames(-1)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, name := range names {
		if name == "" { // the key's default value
			continue
		}
		if n, _, err := key.GetIntegerValue(name); err == nil {
			out[name] = strconv.FormatUint(n, 10)
			continue
		}
		text, _, err := key.GetStringValue(name)
		if err != nil {
			return nil, fmt.Errorf("value %s has another form", name)
		}
		if full, err := registry.ExpandString(text); err == nil {
			text = full
		}
		out[name] = text
	}
	return out, nil
}
