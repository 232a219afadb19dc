package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// endPrograms ends every program that runs from dir, as far as this user may.
// Killed, they lose nothing.
func endPrograms(dir string) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return
	}
	defer func() { _ = windows.CloseHandle(snapshot) }()
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		if entry.ProcessID != windows.GetCurrentProcessId() {
			endIfOf(dir, entry.ProcessID)
		}
	}
}

func endIfOf(dir string, pid uint32) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.PROCESS_TERMINATE|windows.SYNCHRONIZE, false, pid)
	if err != nil {
		return
	}
	defer func() { _ = windows.CloseHandle(process) }()
	path := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(path))
	if windows.QueryFullProcessImageName(process, 0, &path[0], &size) != nil ||
		!strings.EqualFold(filepath.Dir(windows.UTF16ToString(path[:size])), dir) {
		return
	}
	if windows.TerminateProcess(process, 0) == nil {
		_, _ = windows.WaitForSingleObject(process, 5000) // its file is free only then
	}
}

// forgetSignIn takes away users' own entries at sign-in that name a program
// below root: of every user who is signed in, as far as this one may. One left
// in another user's profile starts nothing.
func forgetSignIn(root string) {
	const run, name = `\Software\Microsoft\Windows\CurrentVersion\Run`, "clinicpro-images"
	users, err := registry.OpenKey(registry.USERS, "", registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return
	}
	defer users.Close()
	sids, _ := users.ReadSubKeyNames(-1)
	for _, sid := range sids {
		k, err := registry.OpenKey(registry.USERS, sid+run, registry.QUERY_VALUE|registry.SET_VALUE)
		if err != nil {
			continue
		}
		command, _, err := k.GetStringValue(name)
		if err == nil && strings.HasPrefix(strings.ToLower(strings.TrimPrefix(command, `"`)), strings.ToLower(root)+`\`) {
			_ = k.DeleteValue(name)
		}
		_ = k.Close()
	}
}

// removeAll removes a folder below root, following no link. Where the system has
// not got the call that Root removes by, each file is deleted by a handle that
// was opened in its folder's own.
func removeAll(root *os.Root, dir string) error {
	err := root.RemoveAll(dir)
	if !errors.Is(err, windows.ERROR_INVALID_FUNCTION) {
		return err
	}
	if err := emptyOut(root, dir); err != nil {
		return err
	}
	return deleteIn(root, filepath.Dir(dir), filepath.Base(dir))
}

func emptyOut(root *os.Root, dir string) error {
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() { // a link is none
			if err := emptyOut(root, filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		if err := deleteIn(root, dir, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// deleteIn deletes a file, an empty folder or a link itself.
func deleteIn(root *os.Root, dir, name string) error {
	folder, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	unicode, err := windows.NewNTUnicodeString(name)
	if err != nil {
		return err
	}
	attributes := windows.OBJECT_ATTRIBUTES{RootDirectory: windows.Handle(folder.Fd()), ObjectName: unicode, Attributes: windows.OBJ_CASE_INSENSITIVE}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	var h windows.Handle
	if err := windows.NtCreateFile(&h, windows.DELETE|windows.SYNCHRONIZE, &attributes, &windows.IO_STATUS_BLOCK{}, nil, 0,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, windows.FILE_OPEN,
		windows.FILE_DELETE_ON_CLOSE|windows.FILE_OPEN_REPARSE_POINT|windows.FILE_OPEN_FOR_BACKUP_INTENT|windows.FILE_SYNCHRONOUS_IO_NONALERT, 0, 0); err != nil {
		return err
	}
	return windows.CloseHandle(h)
}

// giveTo has nothing to do: a file has the rights of its folder.
func giveTo(*os.Root, string, fs.FileInfo) error { return nil }

// everyonesPlaces are the state folders of this computer's profiles.
func everyonesPlaces() (places []place) {
	const profiles = `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	list, err := registry.OpenKey(registry.LOCAL_MACHINE, profiles, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil
	}
	defer list.Close()
	sids, _ := list.ReadSubKeyNames(-1)
	for _, sid := range sids {
		profile, err := registry.OpenKey(registry.LOCAL_MACHINE, profiles+`\`+sid, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		home, _, err := profile.GetStringValue("ProfileImagePath")
		profile.Close()
		if full, expandErr := registry.ExpandString(home); err == nil && expandErr == nil {
			places = append(places, place{full, filepath.Join("AppData", "Local", "ClinicPro", "Images")})
		}
	}
	return places
}
