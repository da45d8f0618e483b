package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"weak"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/debuglog"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// engine is a compiled rule set. It is read-only once built and serves every configuration with the same directives.
type engine struct {
	waf              coraza.WAF
	requestLimit     int64 // bytes of a request body that are examined
	rejectsRequests  bool  // a request body of that size or more is refused; otherwise its beginning is examined
	responseLimit    int64 // bytes of a response body that are examined
	maxArgumentBytes int64 // 0: unlimited
}

// engines are the rule sets of this VM by their source. Whoever uses one keeps it alive: what was replaced by a new
// configuration goes away with the collector.
var engines = map[[sha256.Size]byte]weak.Pointer[engine]{}

// source is everything that a rule set depends on.
type source struct {
	directives       string
	maxArgumentBytes int64
}

func (s source) key() [sha256.Size]byte {
	return sha256.Sum256([]byte(strconv.FormatInt(s.maxArgumentBytes, 10) + "\n" + s.directives))
}

// errDirectives is what a configuration with a bad directive is refused with. What is wrong with it stands in the log.
var errDirectives = errors.New("failed to create waf conf")

// engineFor returns the rule set for a source. It compiles it unless the VM already has it.
func engineFor(s source) (*engine, error) {
	key := s.key()
	if e := engines[key].Value(); e != nil {
		return e, nil
	}
	e, err := compile(s)
	if err != nil {
		log.Error("Failed to create waf conf: " + err.Error())
		return nil, errDirectives
	}
	for k, other := range engines {
		if other.Value() == nil {
			delete(engines, k)
		}
	}
	engines[key] = weak.Make(e)
	if closer, ok := e.waf.(experimental.WAFCloser); ok {
		// The engine keeps compiled expressions in a table of the whole process.
		runtime.AddCleanup(e, func(c experimental.WAFCloser) { _ = c.Close() }, closer)
	}
	return e, nil
}

func compile(s source) (*engine, error) {
	config := coraza.NewWAFConfig().
		WithRootFS(&bundle{beforeCRS: argumentBound(s.maxArgumentBytes)}).
		WithDebugLogger(debuglog.DefaultWithPrinterFactory(proxyPrinter)).
		WithErrorCallback(collectMatch).
		WithDirectives(s.directives)
	waf, err := coraza.NewWAF(config)
	if err != nil {
		return nil, err
	}
	e := &engine{waf: waf, maxArgumentBytes: s.maxArgumentBytes}
	return e, e.readLimits()
}

// readLimits asks the engine for what its directives came to. The engine has no interface for these numbers, but its
// transactions have them in exported fields.
func (e *engine) readLimits() error {
	tx := e.waf.NewTransaction()
	defer tx.Close()
	value := reflect.Indirect(reflect.ValueOf(tx))
	if value.Kind() != reflect.Struct {
		return errors.New("a transaction of the engine is no struct")
	}
	waf := reflect.Indirect(value.FieldByName("WAF"))
	if waf.Kind() != reflect.Struct {
		return errors.New("a transaction of the engine has no WAF")
	}
	request, response := waf.FieldByName("RequestBodyLimit"), waf.FieldByName("ResponseBodyLimit")
	action := waf.FieldByName("RequestBodyLimitAction")
	if request.Kind() != reflect.Int64 || response.Kind() != reflect.Int64 || action.Kind() != reflect.Int {
		return fmt.Errorf("the engine's limits are of the kinds %s, %s, %s", request.Kind(), response.Kind(), action.Kind())
	}
	e.requestLimit, e.responseLimit = request.Int(), response.Int()
	e.rejectsRequests = action.Int() == int64(types.BodyLimitActionReject)
	return nil
}

// argumentBound are the directives that refuse what would take too long to examine: the rules of the Core Rule Set take
// time in proportion to the bytes of all arguments. They come before its rules. Where the engine only detects, the
// remaining rules are skipped.
func argumentBound(limit int64) string {
	if limit == 0 {
		return ""
	}
	return `SecRule ARGS_COMBINED_SIZE "@gt ` + strconv.FormatInt(limit, 10) + `" "id:` + strconv.Itoa(boundRule) +
		`,phase:2,t:none,deny,status:403,log,severity:2,skipAfter:` + boundMarker +
		`,msg:'More bytes in arguments than max_argument_bytes',logdata:'%{MATCHED_VAR}'"`
}

const (
	boundRule   = 200100
	boundMarker = "END-OF-DIRECTIVES"
)

// assemble puts a configuration's directives in order. Items are separated by line breaks.
func (s *settings) assemble() string {
	var d strings.Builder
	line := func(text string) {
		d.WriteString(text)
		d.WriteByte('\n')
	}
	line("SecRxPreFilter On")
	if s.useCRS {
		line("Include " + demoConf)
		line("Include " + crsSetupDemoConf)
		line(s.crs.directives())
		line("Include " + crsFolder + "*.conf")
		line("SecRuleEngine On")
	}
	for _, rule := range s.rules {
		line(withoutIgnored(rule))
	}
	// The rules of the Core Rule Set are made for servers that have no pseudo headers. Other rules see them.
	line(`SecRuleUpdateTargetByTag OWASP_CRS "!REQUEST_HEADERS::method|!REQUEST_HEADERS::path|!REQUEST_HEADERS::scheme|` +
		`!REQUEST_HEADERS::authority|!RESPONSE_HEADERS::status"`)
	line(s.exclusions.directives())
	if s.requestLimit > 0 {
		line("SecRequestBodyLimit " + strconv.FormatInt(s.requestLimit, 10))
	}
	if s.responseLimit > 0 {
		line("SecResponseBodyLimit " + strconv.FormatInt(s.responseLimit, 10))
	}
	if s.detectionOnly {
		line("SecRuleEngine DetectionOnly")
	}
	line("SecMarker " + boundMarker)
	line("SecAuditEngine Off") // the audit log is this plugin's own
	return d.String()
}
