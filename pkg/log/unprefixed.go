package log

import "github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

// unprefixed writes straight to the host. It serves until SetPluginLog, so that an early log call cannot crash the VM.
type unprefixed struct{}

func (unprefixed) Trace(msg string)    { proxywasm.LogTrace(msg) }
func (unprefixed) Debug(msg string)    { proxywasm.LogDebug(msg) }
func (unprefixed) Info(msg string)     { proxywasm.LogInfo(msg) }
func (unprefixed) Warn(msg string)     { proxywasm.LogWarn(msg) }
func (unprefixed) Error(msg string)    { proxywasm.LogError(msg) }
func (unprefixed) Critical(msg string) { proxywasm.LogCritical(msg) }

func (unprefixed) Tracef(format string, args ...interface{}) { proxywasm.LogTracef(format, args...) }
func (unprefixed) Debugf(format string, args ...interface{}) { proxywasm.LogDebugf(format, args...) }
func (unprefixed) Infof(format string, args ...interface{})  { proxywasm.LogInfof(format, args...) }
func (unprefixed) Warnf(format string, args ...interface{})  { proxywasm.LogWarnf(format, args...) }
func (unprefixed) Errorf(format string, args ...interface{}) { proxywasm.LogErrorf(format, args...) }
func (unprefixed) Criticalf(format string, args ...interface{}) {
	proxywasm.LogCriticalf(format, args...)
}

func (unprefixed) ResetID(string) {}
