// Package oidc has the tests of the plugin oidc against a certified OpenID provider, oidc-provider for Node.js, in front
// of which the plugin runs on the local gateway and on a stock Envoy. A browser is played by net/http with a cookie jar.
package oidc
