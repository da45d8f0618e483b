package plugin

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// attributeHeaders are the request headers that header-derived attributes are read from: they exist while the guest
// holds the map, and in the log event.
func (f *filter) attributeHeaders() *header.Map {
	if f.logging {
		return f.callbacks.RequestHeaders()
	}
	return f.request.headers
}

// requestHeaderOf names the header behind an attribute of request.
var requestHeaderOf = map[string]string{"path": ":path", "host": ":authority", "scheme": ":scheme", "method": ":method",
	"referer": "referer", "useragent": "user-agent", "id": "x-request-id"}

func (f *filter) requestAttribute(path string) ([]byte, abi.Status) {
	leaf, name, deeper := strings.Cut(path, "\x00")
	headers := f.attributeHeaders()
	if leaf == "headers" {
		return headerAttribute(headers, name, deeper)
	}
	if deeper {
		return nil, abi.NotFound
	}
	if name, derived := requestHeaderOf[leaf]; derived {
		value, found := headers.Get(name)
		if !found {
			return nil, abi.NotFound
		}
		return []byte(value), abi.OK
	}
	info := f.callbacks.Info()
	switch leaf {
	case "url_path", "query":
		full, found := headers.Get(":path")
		if !found {
			return nil, abi.NotFound
		}
		urlPath, query, _ := strings.Cut(full, "?")
		if leaf == "query" {
			return []byte(query), abi.OK
		}
		return []byte(urlPath), abi.OK
	case "protocol":
		if info.Conn == nil {
			return nil, abi.NotFound
		}
		return textAttribute(info.Conn.Protocol)
	case "time":
		return encodeTime(info.Start), abi.OK
	case "duration":
		if info.End.IsZero() {
			return nil, abi.NotFound
		}
		return encodeDuration(info.End.Sub(info.Start)), abi.OK
	case "size":
		if length, err := strconv.ParseUint(headers.Value("content-length"), 10, 63); err == nil {
			return encodeInt(length), abi.OK
		}
		return encodeInt(info.RequestBytes), abi.OK
	case "total_size":
		return encodeInt(info.RequestBytes + uint64(headers.ByteSize())), abi.OK
	}
	return nil, abi.NotFound
}

func (f *filter) responseAttribute(path string) ([]byte, abi.Status) {
	leaf, name, deeper := strings.Cut(path, "\x00")
	headers, trailers := f.response.headers, f.response.trailers
	if f.logging {
		headers, trailers = f.callbacks.ResponseHeaders(), f.callbacks.ResponseTrailers()
	}
	switch leaf {
	case "headers":
		return headerAttribute(headers, name, deeper)
	case "trailers":
		return headerAttribute(trailers, name, deeper)
	}
	info := f.callbacks.Info()
	switch leaf {
	case "code":
		if info.ResponseCode != 0 {
			return encodeInt(info.ResponseCode), abi.OK
		}
	case "code_details":
		return textAttribute(info.ResponseCodeDetails)
	case "flags":
		return encodeInt(responseFlags(info.ResponseFlags)), abi.OK
	case "size":
		return encodeInt(info.ResponseBytes), abi.OK
	case "total_size":
		return encodeInt(info.ResponseBytes + uint64(headers.ByteSize()) + uint64(trailers.ByteSize())), abi.OK
	case "grpc_status":
		for _, h := range []*header.Map{trailers, headers} {
			if status, err := strconv.ParseUint(h.Value("grpc-status"), 10, 32); err == nil {
				return encodeInt(status), abi.OK
			}
		}
	}
	return nil, abi.NotFound
}

// flagBits numbers Envoy's response flags by their short names (envoy/stream_info/stream_info.h documents the set; the
// position is the bit of the attribute response.flags).
var flagBits = func() map[string]uint {
	bits := map[string]uint{}
	for i, name := range strings.Fields("LH UH UT LR UR UF UC UO NR DI FI RL UAEX RLSE DC URX SI IH DPE UMSDR RFCF NFCF " +
		"DT UPE NC OM DF DO DR UDO") {
		bits[name] = uint(i)
	}
	return bits
}()

func responseFlags(short string) uint64 {
	var mask uint64
	for name := range strings.SplitSeq(short, ",") {
		if bit, known := flagBits[name]; known {
			mask |= 1 << bit
		}
	}
	return mask
}

func (f *filter) connectionAttribute(leaf string) ([]byte, abi.Status) {
	conn := f.callbacks.Info().Conn
	if conn == nil {
		return nil, abi.NotFound
	}
	switch leaf {
	case "id":
		return encodeInt(conn.ID), abi.OK
	case "mtls":
		return encodeBool(false), abi.OK // the gateway's listeners ask for no client certificate
	case "requested_server_name":
		return textAttribute(conn.SNI)
	case "tls_version":
		return textAttribute(conn.TLSVersion)
	case "termination_details":
		return textAttribute(conn.TerminationDetails)
	}
	return nil, abi.NotFound
}

func (f *filter) upstreamAttribute(leaf string) ([]byte, abi.Status) {
	info := f.callbacks.Info()
	switch leaf {
	case "local_address":
		return addressAttribute(info.UpstreamLocal, "address")
	case "transport_failure_reason":
		return textAttribute(info.UpstreamTransportFailure)
	}
	return addressAttribute(info.UpstreamHost, leaf)
}

func (f *filter) sourceAttribute(leaf string) ([]byte, abi.Status) {
	return addressAttribute(f.callbacks.Info().RemoteAddr, leaf)
}

func (f *filter) destinationAttribute(leaf string) ([]byte, abi.Status) {
	conn := f.callbacks.Info().Conn
	if conn == nil {
		return nil, abi.NotFound
	}
	return addressAttribute(conn.LocalAddr, leaf)
}
