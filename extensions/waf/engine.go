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
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// engine is a compiled rule set. It is read-only once built and serves every configuration with the same directives.
type engine struct {
	waf             coraza.WAF
	requestLimit    int64 // bytes of a request body that are examined
	rejectsRequests bool  // a request body of that size or more is refused; otherwise its beginning is examined
	responseLimit   int64 // bytes of a response body that are examined
	argumentLimit   int   // SecArgumentsLimit
	forceField      []int // where a transaction keeps ctl:forceRequestBodyVariable

	bounds  bounds
	bounded bool // the rules of the bounds are among the rules, as the Core Rule Set is
}

// engines are the rule sets of this VM by their source. Whoever uses one keeps it alive: what was replaced by a new
// configuration goes away with the collector.
var engines = map[[sha256.Size]byte]weak.Pointer[engine]{}

// source is everything that a rule set depends on.
type source struct {
	directives string
	bounds     bounds
}

func (s source) key() [sha256.Size]byte {
	return sha256.Sum256([]byte(s.bounds.directives() + "\n" + s.directives))
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
	files := &bundle{beforeCRS: s.bounds.directives()}
	config := coraza.NewWAFConfig().
		WithRootFS(files).
		WithDebugLogger(debuglog.DefaultWithPrinterFactory(proxyPrinter)).
		WithErrorCallback(collectMatch).
		WithDirectives(s.directives)
	waf, err := coraza.NewWAF(config)
	if err != nil {
		return nil, err
	}
	e := &engine{waf: waf, bounds: s.bounds, bounded: files.beforeCRS != s.bounds.directives()}
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
	action, arguments := waf.FieldByName("RequestBodyLimitAction"), waf.FieldByName("ArgumentLimit")
	if request.Kind() != reflect.Int64 || response.Kind() != reflect.Int64 || action.Kind() != reflect.Int {
		return fmt.Errorf("the engine's limits are of the kinds %s, %s, %s", request.Kind(), response.Kind(), action.Kind())
	}
	if arguments.Kind() != reflect.Int {
		return fmt.Errorf("the engine's limit of arguments is of the kind %s", arguments.Kind())
	}
	force, found := value.Type().FieldByName("ForceRequestBodyVariable")
	if !found || force.Type.Kind() != reflect.Bool {
		return errors.New("a transaction of the engine does not tell whether its body is forced")
	}
	if _, ok := tx.(plugintypes.TransactionState); !ok {
		return errors.New("a transaction of the engine has no variables")
	}
	e.requestLimit, e.responseLimit = request.Int(), response.Int()
	e.argumentLimit, e.forceField = int(arguments.Int()), force.Index
	e.rejectsRequests = action.Int() == int64(types.BodyLimitActionReject)
	return nil
}

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
