package main

import (
	"runtime"
	"strconv"
	"unsafe"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(_ wrapper.HttpContext, config Config) types.Action {
	block := make([]byte, config.bytes)
	config.held.keep(block, config.hold)
	report := config.report()
	address := "0"
	if len(block) > 0 {
		address = "0x" + strconv.FormatUint(uint64(uintptr(unsafe.Pointer(&block[0]))), 16)
	}
	log.Info("alloc success, point address: " + address)
	log.Info(report)
	headers := [][2]string{{"Content-Type", "application/json"}}
	if err := proxywasm.SendHttpResponseWithDetail(200, "gc-test", headers, []byte(report), -1); err != nil {
		log.Error("send the report failed: " + err.Error())
	}
	return types.ActionPause
}

// keep holds a block, and lets go of the oldest ones beyond the limit.
func (h *held) keep(block []byte, limit int) {
	if limit == 0 {
		return
	}
	h.blocks, h.size = append(h.blocks, block), h.size+len(block)
	for h.size > limit && len(h.blocks) > 0 {
		h.size -= len(h.blocks[0])
		h.blocks[0] = nil
		h.blocks = h.blocks[1:]
	}
}

// report are the figures of this VM, in bytes.
func (c *Config) report() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	text := "{" + figure("Sys", m.Sys) + "," + figure("HeapSys", m.HeapSys) + "," + figure("HeapIdle", m.HeapIdle) + "," +
		figure("HeapInuse", m.HeapInuse) + "," + figure("HeapReleased", m.HeapReleased)
	if c.details {
		text += "," + figure("NumGC", uint64(m.NumGC)) + "," + figure("NumGoroutine", uint64(runtime.NumGoroutine())) + "," +
			figure("Held", uint64(c.held.size))
	}
	return text + "}"
}

func figure(name string, value uint64) string {
	return `"` + name + `": ` + strconv.FormatUint(value, 10)
}
