//go:build !(linux && x11)

package desktop

// neverUsed: here the system gives a new window no focus that the process has
// no right to, and GLFW's hint is enough.
func neverUsed(any) {}
