package stream

// hold says how a filter stopped one direction.
type hold int

const (
	flowing hold = iota
	stopped      // by StopIteration or a data or trailers status: further callbacks of this filter run
	stoppedAllBuffer
	stoppedAllWatermark
)

// station is one filter's place on one path: what reached it, what it was shown, what it let pass.
type station struct {
	handle *handle
	index  int // on the path
	state  hold

	// held is the body that this station keeps back; nil when there is none, empty when only an end of stream waits.
	held *Buffer
	// failing says that held may not grow beyond the limit; otherwise the peer is throttled there.
	failing bool
	// buffering says that the last data callback answered StopIterationAndBuffer: the next one sees held.
	buffering bool

	headersGiven  bool // the headers callback was called
	headersPassed bool // headers were sent on
	reachedEnd    bool // the end of stream arrived, held or not
	trailersHere  bool // trailers arrived (or were made here), held or not
	endGiven      bool // a callback was told the end of stream
	endPassed     bool // the end of stream went on without the body: with the headers, or with injected data
	inCallback    bool
	inLastData    bool // in a data callback that was told the end of stream
}

func (st *station) stoppedAll() bool {
	return st.state == stoppedAllBuffer || st.state == stoppedAllWatermark
}

// takeHeld removes and returns what is kept, nil if nothing is.
func (st *station) takeHeld() *Buffer {
	b := st.held
	st.held = nil
	if b != nil {
		b.resized = nil
	}
	return b
}
