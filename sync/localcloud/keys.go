package localcloud

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"github.com/clinicpro-nz/images/app"
)

// keys open this machine's local cloud and nothing else. They are kept so
// that upload links outlive a restart; a file that cannot be read is replaced.
type keys struct {
	Access  string `json:"access"`
	Secret  string `json:"secret"`
	Redis   string `json:"redis"`
	Listen  string `json:"listen"`  // the workstation's key at the hub, name.id:secret
	Publish string `json:"publish"` // the gateway's
}

func loadKeys(file string) (keys, error) {
	const op = "load local keys"
	raw, err := os.ReadFile(file)
	var k keys
	switch {
	case err == nil && json.Unmarshal(raw, &k) == nil && k.complete():
		return k, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return keys{}, app.E(op, app.KindFull, err)
	}
	k = keys{
		Access: "local" + rand.Text()[:15], Secret: rand.Text() + rand.Text(), Redis: rand.Text(),
		Listen: "local.listen:" + rand.Text(), Publish: "local.publish:" + rand.Text(),
	}
	raw, err = json.Marshal(k)
	if err != nil {
		return keys{}, app.E(op, app.KindBug, err)
	}
	fresh := file + ".new"
	if err := errors.Join(os.WriteFile(fresh, raw, 0o600), os.Rename(fresh, file)); err != nil {
		return keys{}, app.E(op, app.KindFull, err)
	}
	return k, nil
}

func (k keys) complete() bool {
	return k.Access != "" && k.Secret != "" && k.Redis != "" && k.Listen != "" && k.Publish != ""
}
