package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/pflag"

	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// listenerFlags say what the listener of `wasmplane run` takes besides plain HTTP.
type listenerFlags struct {
	certificate, key string
	selfSigned       bool
	proxyProtocol    string
}

func (f *listenerFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.certificate, "tls-cert", "", "take TLS too, on the same port, with the certificate of this PEM `FILE`")
	flags.StringVar(&f.key, "tls-key", "", "private key of --tls-cert, a PEM `FILE`")
	flags.BoolVar(&f.selfSigned, "tls-self-signed", false, "take TLS too, on the same port, with a certificate made for localhost and the listener's address")
	flags.StringVar(&f.proxyProtocol, "proxy-protocol", "off", "the client's address by the PROXY protocol: off, optional or required")
}

// apply puts the flags into a configuration.
func (f *listenerFlags) apply(config *server.Config) (err error) {
	switch f.proxyProtocol {
	case "off":
	case "optional", "required":
		config.ProxyProtocol = server.ProxyProtocol(f.proxyProtocol)
	default:
		return fmt.Errorf("--proxy-protocol: must be off, optional or required, not %q", f.proxyProtocol)
	}
	switch {
	case (f.certificate == "") != (f.key == ""):
		return errors.New("--tls-cert and --tls-key need each other")
	case f.certificate != "" && f.selfSigned:
		return errors.New("give --tls-cert or --tls-self-signed, not both")
	case f.certificate != "":
		config.Certificate, err = certificate.Load(f.certificate, f.key)
	case f.selfSigned:
		names := []string{"localhost", "127.0.0.1", "::1"}
		if host, _, splitErr := net.SplitHostPort(config.Listen); splitErr == nil && host != "" {
			names = append(names, host)
		}
		config.Certificate, err = certificate.SelfSigned(names...)
	}
	return err
}
