// Package differential runs random plugins on the local gateway (profile envoy) and on a stock Envoy and demands the
// same outcome: what the client got, what the backend received, and what each filter was shown in which order.
//
// A scenario is a chain of two filters, each with a script (see guest), and a timeline: what client, backend and call-outs
// do one after the other, each step once everything before has come to rest. Scenarios are made from seeds, so a seed is
// all that is needed to see one again:
//
//	go test ./differential                                       # the regression seeds and some random ones
//	go test ./differential -differential.n 5000 -differential.from 1000000
//	go test ./differential -differential.n 1 -differential.from 4711 -v
//
// regressions.txt names seeds that found something; they always run. A scenario whose outcomes differ runs again with more
// time between its steps, in the end alone. An Envoy that crashed is started anew.
//
// What Envoy leaves undefined, and where docs/engines.md says that the engines differ, the generator leaves out; generate
// says what and why at each place.
package differential
