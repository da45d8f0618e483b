// Package address reads IP addresses and networks from requests and configurations, and keeps sets of networks.
//
// One client has one address, however it is written: a port, brackets, white space and a zone are dropped, and an
// IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) is the IPv4 address. The two families are separate: `::/0` holds no
// IPv4 address.
//
// Everything that reads a request is a total function: no text makes it panic.
package address
