// Package remote keeps JSON Web Key Sets that issuers publish over HTTP: it fetches them, refreshes them, and holds requests
// that cannot be decided before an answer has come.
//
//	source, err := remote.Parse(object)  // the fields of the configuration; the set is fetched as soon as the plugin runs
//	...
//	set := source.Keys()
//	if set == nil || set.Verify(token) != nil && !set.Knows(token.KeyID) {
//		if source.Await(func() { decide again; resume or refuse the request }) {
//			return types.HeaderStopAllIterationAndWatermark
//		}
//	}
//
// A VM has a copy of its own, and asks for it at most once at a time. A set that cannot be had or read leaves the one
// before in force.
package remote
