// Package plugin runs configured proxy-wasm plugins on a gateway's workers: virtual machines shared by module, root
// contexts, streams as filters of package stream, call-outs, ticks, shared data, queues, metrics, properties, and what
// happens when a guest fails.
//
// A [Host] is one per process. Its [Worker]s are event loops, the first of them the main thread; everything of a plugin
// on a worker happens on that worker's loop. [Host.Load] turns a [Spec] into a [Plugin], whose [Plugin.Factory] makes the
// filter of each stream.
package plugin
