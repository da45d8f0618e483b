// Package codec speaks HTTP on the gateway's sockets and turns it into events: requests that clients send (Server) and
// responses that upstreams send (Pool). It knows nothing of filters, routes or event loops.
//
// HTTP/1 is this package's own code, because a gateway must show its filters what is on the wire: header order,
// duplicates and targets such as "/%zz?apikey=x" arrive as they were sent, only names are lower-cased. Messages whose
// framing two parsers could read differently are refused (RFC 9112 sections 6.3 and 11.2). HTTP/2 is golang.org/x/net/http2.
// Differences that follow from that library:
//
//   - The order of different header names is lost. Headers and trailers are delivered sorted by name, repeated names in
//     their order; a pseudo header comes before all others, as on HTTP/1.
//   - The server resets a request whose :path net/url cannot parse, and answers a header list above the limit with 431,
//     both without an exchange and without ServerConfig.OnProtocolError.
//   - The server delivers only those request trailers that the request announced with a trailer header.
//   - The server drops expect and puts trailer last, as one value; the client splits cookie at ';' and never sends
//     connection, keep-alive, proxy-connection, transfer-encoding and upgrade.
//   - :scheme follows from whether the connection is TLS, not from the request's own :scheme.
//
// Events of one exchange reach its Receiver in order and never concurrently. As in Envoy's HTTP/1 codec, a message
// without body ends with its headers; one with a body ends with an empty last OnData, or with trailers.
package codec
