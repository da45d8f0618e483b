package main

import (
	"io"
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/debuglog"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// maxLogged is how much of a message, and of the matched data, a log line has, in bytes.
const maxLogged = 200

// logMatches writes the rules that matched in the phase that has ended, one line for each matched value. it is what the
// phase was interrupted by, or nil.
func (s *inspection) logMatches(it *types.Interruption) {
	for _, match := range s.matches {
		level, write := severityLog(match.Rule().Severity())
		if !wrapper.LogEnabled(level) {
			continue
		}
		verdict := "Warning. "
		if it != nil && it.RuleID == match.Rule().ID() && it.RuleID != 0 {
			verdict = "Access denied with code " + strconv.Itoa(statusOf(it)) + " (phase " +
				strconv.Itoa(int(match.Rule().Phase())) + "). "
		}
		for _, data := range match.MatchedDatas() {
			write(s.matchLine(match, data, verdict))
		}
	}
	s.matches = s.matches[:0]
}

// severityLog returns where a rule of a severity is logged. A rule without one counts as a notice.
func severityLog(severity types.RuleSeverity) (wrapper.LogLevel, func(string)) {
	switch severity {
	case types.RuleSeverityEmergency, types.RuleSeverityAlert, types.RuleSeverityCritical:
		return wrapper.LogLevelCritical, log.Critical
	case types.RuleSeverityError:
		return wrapper.LogLevelError, log.Error
	case types.RuleSeverityWarning:
		return wrapper.LogLevelWarn, log.Warn
	case types.RuleSeverityDebug:
		return wrapper.LogLevelDebug, log.Debug
	}
	return wrapper.LogLevelInfo, log.Info
}

func severityName(severity types.RuleSeverity) string {
	if severity == types.RuleSeverityUnset {
		severity = types.RuleSeverityNotice
	}
	return severity.String()
}

// matchLine is the line of one matched value, in the form that tools for ModSecurity's error log read.
func (s *inspection) matchLine(match types.MatchedRule, data types.MatchData, verdict string) string {
	rule := match.Rule()
	message := cut(loggedMessage(match, data, s.secret))
	line := make([]byte, 0, 512)
	line = append(line, "[client "...)
	line = strconv.AppendQuote(line, match.ClientIPAddress())
	line = append(line, "] Coraza: "...)
	line = append(line, verdict...)
	line = append(line, message...)
	line = appendField(line, "file", rule.File())
	line = appendField(line, "line", strconv.Itoa(rule.Line()))
	line = appendField(line, "id", strconv.Itoa(rule.ID()))
	line = appendField(line, "rev", rule.Revision())
	line = appendField(line, "msg", message)
	line = appendField(line, "data", cut(loggedData(match, data, s.secret)))
	line = appendField(line, "severity", severityName(rule.Severity()))
	line = appendField(line, "ver", rule.Version())
	line = appendField(line, "maturity", strconv.Itoa(rule.Maturity()))
	line = appendField(line, "accuracy", strconv.Itoa(rule.Accuracy()))
	for _, tag := range rule.Tags() {
		line = appendField(line, "tag", tag)
	}
	line = appendField(line, "hostname", match.ServerIPAddress())
	line = appendField(line, "uri", redactQuery(match.URI(), s.secret))
	line = appendField(line, "unique_id", match.TransactionID())
	return string(line)
}

func appendField(line []byte, name, value string) []byte {
	line = append(line, " ["...)
	line = append(line, name...)
	line = append(line, ' ')
	line = strconv.AppendQuote(line, value)
	return append(line, ']')
}

func cut(text string) string {
	if len(text) > maxLogged {
		text = text[:maxLogged]
	}
	return strings.ToValidUTF8(text, "?")
}

// unsetMacro is the engine's warning of a macro without a value. The Core Rule Set counts on macros without one, three
// times a request.
const unsetMacro = "key not found in collection, returning the original text"

// proxyPrinter sends the engine's own debug output to the proxy's log, whatever SecDebugLog says.
func proxyPrinter(io.Writer) debuglog.Printer {
	return func(level debuglog.Level, message, fields string) {
		if message == unsetMacro {
			level = debuglog.LevelDebug
		}
		if fields != "" {
			message += " " + fields
		}
		switch {
		case level <= debuglog.LevelError:
			log.Error(message)
		case level == debuglog.LevelWarn:
			log.Warn(message)
		case level == debuglog.LevelInfo:
			log.Info(message)
		case level < debuglog.LevelTrace:
			log.Debug(message)
		default:
			log.Trace(message)
		}
	}
}
