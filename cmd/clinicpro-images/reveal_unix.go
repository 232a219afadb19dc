//go:build !windows

package main

import (
	"net/url"
	"os"

	"github.com/godbus/dbus/v5"
)

// revealFile asks the desktop's file manager to show the file in its folder
// (freedesktop.org, org.freedesktop.FileManager1). Over the bus: the path
// holds patient values, which a command line would show to everybody.
func revealFile(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return err
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return err
	}
	defer conn.Close()
	file := url.URL{Scheme: "file", Path: path}
	manager := conn.Object("org.freedesktop.FileManager1", "/org/freedesktop/FileManager1")
	return manager.Call("org.freedesktop.FileManager1.ShowItems", 0, []string{file.String()}, "").Err
}
