package main

import (
	"os/exec"
	"unsafe"

	"golang.org/x/sys/windows"
)

// startTied starts a child inside a job object that kills it when this
// process is gone, however it went.
func startTied(cmd *exec.Cmd) (release func(), err error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	if _, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return nil, err
	}
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(cmd.Process.Pid))
	if err == nil {
		// A child that cannot be put into the job still leaves at the end of its input.
		_ = windows.AssignProcessToJobObject(job, process)
		_ = windows.CloseHandle(process)
	}
	return func() { _ = windows.CloseHandle(job) }, nil
}

var allowSetForegroundWindow = windows.NewLazySystemDLL("user32.dll").NewProc("AllowSetForegroundWindow")

// anyProcess stands for a process that is not there yet (ASFW_ANY).
const anyProcess = -1

// allowForeground passes on the right to come to the front, which Windows
// gives only to the process that received the user's act.
func allowForeground(pid int) { _, _, _ = allowSetForegroundWindow.Call(uintptr(pid)) }
