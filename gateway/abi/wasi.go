package abi

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// WASI error numbers (wasi_snapshot_preview1, errno).
const (
	errnoSuccess      Status = 0
	errnoBadFile      Status = 8
	errnoFault        Status = 21
	errnoInvalid      Status = 28
	errnoNoEntry      Status = 44
	errnoNoSystemCall Status = 52
	errnoNotSupported Status = 58
)

const (
	stdout = 1
	stderr = 2

	rightFDWrite    = 1 << 6
	fdstatSize      = 24
	maxRandom       = 64 << 10
	clockRealtime   = 0
	clockMonotonic  = 1
	clockResolution = 1 // ns
)

// monotonicStart is where the guests' monotonic clock begins.
var monotonicStart = time.Now()

// wasiFunctions is the part of WASI that a proxy-wasm host offers, for both module names. Signatures are the standard's
// except for path_link, path_rename and path_symlink, which lack a parameter on the production host, so that modules
// which import them as the standard says do not load.
var wasiFunctions = []hostFunction{
	{name: "args_get", signature: "ii>i", atStart: true, run: answerErrno(errnoSuccess)},
	{name: "args_sizes_get", signature: "ii>i", atStart: true, run: argsSizes},
	{name: "environ_get", signature: "ii>i", atStart: true, run: environ},
	{name: "environ_sizes_get", signature: "ii>i", atStart: true, run: environSizes},
	{name: "clock_time_get", signature: "iIi>i", atStart: true, run: clockTime},
	{name: "clock_res_get", signature: "ii>i", atStart: true, run: clockRes},
	{name: "random_get", signature: "ii>i", atStart: true, run: randomGet},
	{name: "poll_oneoff", signature: "iiii>i", atStart: true, run: pollOneoff},
	{name: "sched_yield", signature: ">i", run: answerErrno(errnoSuccess)},
	{name: "proc_exit", signature: "i", run: procExit},

	{name: "fd_write", signature: "iiii>i", atStart: true, run: fdWrite},
	{name: "fd_read", signature: "iiii>i", atStart: true, run: answerErrno(errnoNoSystemCall)},
	{name: "fd_seek", signature: "iIii>i", atStart: true, run: answerErrno(errnoSuccess)},
	{name: "fd_close", signature: "i>i", atStart: true, run: answerErrno(errnoSuccess)},
	{name: "fd_fdstat_get", signature: "ii>i", atStart: true, run: fdstat},
	{name: "fd_fdstat_set_flags", signature: "ii>i", atStart: true, run: answerErrno(errnoNoSystemCall)},
	{name: "fd_prestat_get", signature: "ii>i", atStart: true, run: answerErrno(errnoBadFile)},
	{name: "fd_prestat_dir_name", signature: "iii>i", atStart: true, run: answerErrno(errnoNoSystemCall)},
	{name: "path_open", signature: "iiiiiIIii>i", atStart: true, run: answerErrno(errnoNoEntry)},

	unsupported("fd_advise", "iIIi>i"),
	unsupported("fd_allocate", "iII>i"),
	unsupported("fd_datasync", "i>i"),
	unsupported("fd_fdstat_set_rights", "iII>i"),
	unsupported("fd_filestat_get", "ii>i"),
	unsupported("fd_filestat_set_size", "iI>i"),
	unsupported("fd_filestat_set_times", "iIIi>i"),
	unsupported("fd_pread", "iiiIi>i"),
	unsupported("fd_pwrite", "iiiIi>i"),
	unsupported("fd_readdir", "iiiIi>i"),
	unsupported("fd_renumber", "ii>i"),
	unsupported("fd_sync", "i>i"),
	unsupported("fd_tell", "ii>i"),
	unsupported("path_create_directory", "iii>i"),
	unsupported("path_filestat_get", "iiiii>i"),
	unsupported("path_filestat_set_times", "iiiiIIi>i"),
	unsupported("path_link", "iiiiii>i"),
	unsupported("path_readlink", "iiiiii>i"),
	unsupported("path_remove_directory", "iii>i"),
	unsupported("path_rename", "iiiii>i"),
	unsupported("path_symlink", "iiii>i"),
	unsupported("path_unlink_file", "iii>i"),
	unsupported("sock_accept", "iii>i"),
	unsupported("sock_recv", "iiiiii>i"),
	unsupported("sock_send", "iiiii>i"),
	unsupported("sock_shutdown", "ii>i"),
}

func unsupported(name string, s signature) hostFunction {
	return hostFunction{name: name, signature: s, atStart: true, run: answerErrno(errnoNotSupported)}
}

func answerErrno(errno Status) func(*VM, []uint64) Status {
	return func(*VM, []uint64) Status { return errno }
}

func argsSizes(vm *VM, s []uint64) Status {
	if !vm.putU32(s[0], 0) || !vm.putU32(s[1], 0) {
		return errnoFault
	}
	return errnoSuccess
}

func environSizes(vm *VM, s []uint64) Status {
	size := 0
	for _, line := range vm.environ {
		size += len(line) + 1
	}
	if !vm.putU32(s[0], uint32(len(vm.environ))) || !vm.putU32(s[1], uint32(size)) {
		return errnoFault
	}
	return errnoSuccess
}

func environ(vm *VM, s []uint64) Status {
	pointers, text := s[0], s[1]
	for _, line := range vm.environ {
		target, ok := vm.view(text, uint64(len(line)+1))
		if !ok || !vm.putU32(pointers, uint32(text)) {
			return errnoFault
		}
		target[copy(target, line)] = 0
		pointers += 4
		text += uint64(len(line) + 1)
	}
	return errnoSuccess
}

func clockTime(vm *VM, s []uint64) Status {
	var now uint64
	switch uint32(s[0]) {
	case clockRealtime:
		now = uint64(vm.options.Services.Now().UnixNano())
	case clockMonotonic:
		now = uint64(time.Since(monotonicStart)) + 1
	default:
		return errnoNotSupported
	}
	if !vm.putU64(s[2], now) {
		return errnoFault
	}
	return errnoSuccess
}

func clockRes(vm *VM, s []uint64) Status {
	if !vm.putU64(s[1], clockResolution) {
		return errnoFault
	}
	return errnoSuccess
}

func randomGet(vm *VM, s []uint64) Status {
	if uint32(s[1]) > maxRandom {
		return errnoInvalid
	}
	b, ok := vm.view(s[0], s[1])
	if !ok {
		return errnoFault
	}
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return errnoSuccess
}

// pollOneoff reports that nothing happened, so that a sleeping guest spins until its clock says it is time.
func pollOneoff(vm *VM, s []uint64) Status {
	if !vm.putU32(s[3], 0) {
		return errnoFault
	}
	return errnoSuccess
}

// procExit traps. The production host logs and returns; a Go guest traps on that, others would run on past their end.
func procExit(vm *VM, s []uint64) Status {
	vm.log(LogError, fmt.Sprintf("wasi_snapshot_preview1.proc_exit(%d)", int32(uint32(s[0]))))
	panic(fmt.Errorf("the guest exited with code %d", int32(uint32(s[0]))))
}

func fdWrite(vm *VM, s []uint64) Status {
	var level LogLevel
	switch uint32(s[0]) {
	case stdout:
		level = LogInfo
	case stderr:
		level = LogError
	default:
		return errnoBadFile
	}
	var text strings.Builder
	for i := range uint64(uint32(s[2])) {
		vector, ok := vm.view(s[1]+8*i, 8)
		if !ok {
			return errnoFault
		}
		part, ok := vm.view(uint64(binary.LittleEndian.Uint32(vector)), uint64(binary.LittleEndian.Uint32(vector[4:])))
		if !ok {
			return errnoFault
		}
		text.Write(part)
	}
	if !vm.putU32(s[3], uint32(text.Len())) {
		return errnoFault
	}
	if text.Len() > 0 {
		vm.log(level, strings.TrimSuffix(text.String(), "\n"))
	}
	return errnoSuccess
}

func fdstat(vm *VM, s []uint64) Status {
	if fd := uint32(s[0]); fd != stdout && fd != stderr {
		return errnoBadFile
	}
	record, ok := vm.view(s[1], fdstatSize)
	if !ok {
		return errnoFault
	}
	clear(record)
	binary.LittleEndian.PutUint64(record[8:], rightFDWrite)
	return errnoSuccess
}
