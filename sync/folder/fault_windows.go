package folder

import (
	"errors"

	"golang.org/x/sys/windows"
)

// silent reports a share that has gone away.
func silent(err error) bool {
	for _, e := range []error{windows.ERROR_BAD_NETPATH, windows.ERROR_BAD_NET_NAME, windows.ERROR_NETNAME_DELETED,
		windows.ERROR_NETWORK_UNREACHABLE, windows.ERROR_HOST_UNREACHABLE, windows.ERROR_SEM_TIMEOUT, windows.ERROR_UNEXP_NET_ERR} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// tooLong reports a path over what this Windows takes; a folder that is not
// there has an error of its own.
func tooLong(err error) bool {
	return errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE) || errors.Is(err, windows.ERROR_BUFFER_OVERFLOW)
}

func readOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
