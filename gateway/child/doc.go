// Package child starts servers that the command line and its tests need (an Envoy, a Redis) so that none is left behind:
// each has a process group of its own, is ended with it, and on Linux dies with this process.
package child
