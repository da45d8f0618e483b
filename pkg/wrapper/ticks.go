package wrapper

import (
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// The shortest tick, and the first one: registered functions run for the first time about 100 ms after the start.
const shortestTick = 100

// TickFuncEntry is one registered tick function.
type TickFuncEntry struct {
	period int64 // ms
	last   int64 // ms since the VM started; meaningful once ran
	ran    bool
	run    func()
}

// RegisterTickFunc has tickFunc called every tickPeriod milliseconds, a multiple of 100 (less counts as 100). It
// belongs to the plugin that is being started, so it must be called while the configuration is parsed or in the
// PrePluginStartOrReload hook; elsewhere it is ignored with a warning. A parser runs once for the global configuration
// and once for each rule, and each run registers a function of its own.
func RegisterTickFunc(tickPeriod int64, tickFunc func()) {
	p := running.plugin
	if p == nil || !p.starting {
		log.Warn("RegisterTickFunc is ignored outside the plugin start")
		return
	}
	p.ticks = append(p.ticks, TickFuncEntry{period: tickPeriod, run: tickFunc})
}

// beginStart clears what the previous configuration of this context registered.
func (p *plugin) beginStart() {
	p.starting = true
	p.ticks = nil
	p.electAtNextTick = false
}

func (p *plugin) endStart() { p.starting = false }

// startTicking sets the short first period; tick changes to the common one.
func (p *plugin) startTicking() error {
	if len(p.ticks) == 0 {
		if p.tickPeriod == 0 {
			return nil
		}
		p.tickPeriod = 0
		return proxywasm.SetTickPeriodMilliSeconds(0)
	}
	p.tickPeriod = shortestTick
	return proxywasm.SetTickPeriodMilliSeconds(shortestTick)
}

func (p *plugin) tick() {
	if period := commonPeriod(p.ticks); period != p.tickPeriod && len(p.ticks) > 0 {
		p.tickPeriod = period
		if err := proxywasm.SetTickPeriodMilliSeconds(uint32(period)); err != nil {
			log.Error("set tick period failed: " + err.Error())
		}
	}
	now := sinceStart().Milliseconds()
	for i := range p.ticks {
		t := &p.ticks[i]
		// Timers jitter: what is due within half a tick is due now, or it would wait for a whole further tick.
		if t.ran && now-t.last+p.tickPeriod/2 < t.period {
			continue
		}
		t.ran, t.last = true, now
		runTick(t.run)
	}
}

func runTick(f func()) {
	defer recoverLogged()
	f()
}

// commonPeriod is the greatest common divisor of the periods, at least 100 ms.
func commonPeriod(ticks []TickFuncEntry) int64 {
	var common int64
	for _, t := range ticks {
		a, b := max(t.period, shortestTick), common
		for b != 0 {
			a, b = b, a%b
		}
		common = a
	}
	return max(common, shortestTick)
}

var vmStart = time.Now()

// sinceStart costs one host call; time.Now would cost two.
func sinceStart() time.Duration { return time.Since(vmStart) }
