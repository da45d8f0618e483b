package upstream

import (
	"errors"
	"syscall"
)

// transportReason words a connection error as the operating system does, without addresses: "Connection refused".
func transportReason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	switch errno {
	case syscall.ECONNREFUSED:
		return "Connection refused"
	case syscall.EHOSTUNREACH:
		return "No route to host"
	case syscall.ENETUNREACH:
		return "Network is unreachable"
	default:
		return errno.Error()
	}
}
