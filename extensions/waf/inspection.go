package main

import (
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// inspection is what is known of one stream: the engine's transaction and how far it has come.
type inspection struct {
	config *Config
	engine *engine
	tx     types.Transaction

	request         requestLine
	upgrade         bool // what follows the headers is no HTTP
	holdsRequest    bool // headers and body wait for the verdict
	requestJudged   bool // phase 2 has run
	responseSeen    bool // phase 3 has run
	holdsResponse   bool
	responseJudged  bool // phase 4 has run
	answered        bool // the request was refused; the response that may follow is ours
	status          int  // of the response, 0 if there was none
	responseHeaders [][2]string

	matches []types.MatchedRule // of the running phase, not yet logged
}

// requestLine is what the engine is told of a request besides its headers.
type requestLine struct {
	method, path, protocol, authority string
	client                            string
	clientPort                        int
	headers                           [][2]string
}

const inspectionKey = "inspection"

// inspectionOf returns a stream's inspection; nil if its configuration has no rules or its request was never seen.
func inspectionOf(ctx wrapper.HttpContext) *inspection {
	s, _ := ctx.GetContext(inspectionKey).(*inspection)
	return s
}

// running is the inspection whose rules are being evaluated. A VM runs one callback at a time.
var running *inspection

// collectMatch is called by the engine for each rule with the action log that matches.
func collectMatch(match types.MatchedRule) {
	if running != nil {
		running.matches = append(running.matches, match)
	}
}

// evaluate runs a phase of the engine and logs the rules that matched. It reports whether the request goes on; if not,
// it has been answered.
func (s *inspection) evaluate(phase func() (*types.Interruption, error)) bool {
	running = s
	it, err := phase()
	running = nil
	s.logMatches(it)
	if err != nil {
		s.fail(err.Error())
		return false
	}
	if it != nil {
		s.refuse(it)
		return false
	}
	return true
}

// onStreamDone runs what is left of the phases and ends the transaction.
func onStreamDone(ctx wrapper.HttpContext, _ Config) {
	s := inspectionOf(ctx)
	if s == nil {
		return
	}
	defer func() {
		if err := s.tx.Close(); err != nil {
			log.Error("the transaction cannot be closed: " + err.Error())
		}
	}()
	running = s
	if s.responseSeen && !s.responseJudged && !s.answered {
		// Too late to refuse anything: the response is out.
		if _, err := s.tx.ProcessResponseBody(); err != nil {
			log.Error("the rules of phase 4 cannot be evaluated: " + err.Error())
		}
	}
	s.tx.ProcessLogging()
	running = nil
	s.logMatches(nil)
	if s.config.audit != nil {
		s.config.audit.write(s)
	}
}
