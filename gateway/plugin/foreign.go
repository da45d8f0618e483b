package plugin

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// maxUncompressed bounds what uncompress gives a guest.
const maxUncompressed = 256 << 20

// lifeSpanConnection is the life span of declare_property that outlives a stream.
const lifeSpanConnection = 2

// foreignFunction is a foreign function. f is nil on a root context.
type foreignFunction func(r *rootContext, f *filter, argument []byte) ([]byte, abi.Status)

var foreignFunctions = map[string]foreignFunction{
	"compress":                            foreignCompress,
	"uncompress":                          foreignUncompress,
	"declare_property":                    foreignDeclareProperty,
	"clear_route_cache":                   foreignClearRouteCache,
	"get_log_level":                       foreignLogLevel,
	"inject_encoded_data_to_filter_chain": foreignInject,
	"inject_encoded_data_to_filter_chain_on_header": foreignInjectLater,
	"set_global_max_requests_per_io_cycle":          foreignMaxRequests,
}

// foreign runs a foreign function; one that the host does not have is NotFound. The profile was checked before.
func (r *rootContext) foreign(f *filter, name string, argument []byte) ([]byte, abi.Status) {
	if f != nil && f.destroyed {
		f = nil
	}
	run := foreignFunctions[name]
	if run == nil {
		return nil, abi.NotFound
	}
	return run(r, f, argument)
}

func foreignCompress(_ *rootContext, _ *filter, argument []byte) ([]byte, abi.Status) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, writeErr := w.Write(argument)
	if closeErr := w.Close(); writeErr != nil || closeErr != nil {
		return nil, abi.SerializationFailure
	}
	return b.Bytes(), abi.OK
}

func foreignUncompress(_ *rootContext, _ *filter, argument []byte) ([]byte, abi.Status) {
	r, err := zlib.NewReader(bytes.NewReader(argument))
	if err != nil {
		return nil, abi.SerializationFailure
	}
	data, err := io.ReadAll(io.LimitReader(r, maxUncompressed+1))
	if err != nil || len(data) > maxUncompressed {
		return nil, abi.SerializationFailure
	}
	return data, abi.OK
}

// foreignDeclareProperty says how SetProperty treats a path: 1 name, 2 readonly, 5 life span. Values of the life spans
// filter chain and request both live with the stream; the connection's is not kept.
func foreignDeclareProperty(r *rootContext, _ *filter, argument []byte) ([]byte, abi.Status) {
	message, err := parseMessage(argument)
	if err != nil {
		return nil, abi.BadArgument
	}
	if message.numbers[5] == lifeSpanConnection {
		return nil, abi.Unimplemented
	}
	path := string(message.bytes[1])
	if _, declared := r.declared[path]; declared {
		return nil, abi.BadArgument
	}
	r.declared[path] = message.numbers[2] != 0
	return nil, abi.OK
}

func foreignClearRouteCache(_ *rootContext, f *filter, _ []byte) ([]byte, abi.Status) {
	if f != nil {
		f.ClearRouteCache()
	}
	return nil, abi.OK
}

func foreignLogLevel(r *rootContext, _ *filter, _ []byte) ([]byte, abi.Status) {
	return binary.LittleEndian.AppendUint32(nil, uint32(r.host().LogLevel())), abi.OK
}

// foreignInject is the older form of the import: 1 body, 2 end of stream. It needs a stream as the true current context.
func foreignInject(r *rootContext, f *filter, argument []byte) ([]byte, abi.Status) {
	message, err := parseMessage(argument)
	if err != nil {
		return nil, abi.BadArgument
	}
	if f != nil {
		r.machine.vm.AfterReturn(func() { f.InjectEncodedData(message.bytes[1], message.numbers[2] != 0) })
	}
	return nil, abi.OK
}

// foreignInjectLater waits for the next turn of the event loop.
func foreignInjectLater(r *rootContext, f *filter, argument []byte) ([]byte, abi.Status) {
	message, err := parseMessage(argument)
	if err != nil {
		return nil, abi.BadArgument
	}
	if f != nil {
		r.worker().loop.Post(func() { f.InjectEncodedData(message.bytes[1], message.numbers[2] != 0) })
	}
	return nil, abi.OK
}

// foreignMaxRequests is accepted and recorded: the gateway's connections have no read cycle that it could bound.
func foreignMaxRequests(r *rootContext, _ *filter, argument []byte) ([]byte, abi.Status) {
	if len(argument) != 8 {
		return nil, abi.BadArgument
	}
	r.host().maxRequestsPerIOCycle.Store(binary.LittleEndian.Uint64(argument))
	return nil, abi.OK
}
