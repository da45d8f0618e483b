package main

// Config is empty: there is nothing to configure, and the SDK needs no parser for it. Rules still choose the requests.
type Config struct{}
