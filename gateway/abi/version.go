package abi

// Version is a proxy-wasm ABI version.
type Version int

// ABI versions, in order.
const (
	Version010 Version = iota + 1
	Version020
	Version021
	Version02100
)

// String returns the version as it is written in documents, such as "0.2.100".
func (v Version) String() string {
	switch v {
	case Version010:
		return "0.1.0"
	case Version020:
		return "0.2.0"
	case Version021:
		return "0.2.1"
	case Version02100:
		return "0.2.100"
	}
	return "unknown"
}

var versionMarkers = map[string]Version{
	"proxy_abi_version_0_1_0":   Version010,
	"proxy_abi_version_0_2_0":   Version020,
	"proxy_abi_version_0_2_1":   Version021,
	"proxy_abi_version_0_2_100": Version02100,
}
