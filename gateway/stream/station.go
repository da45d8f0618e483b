package stream

// hold says how a filter stopped one direction.
type hold int

const (
	flowing hold = iota
	stopped      // by StopIteration or a data or trailers status: further callbacks of this filter run
	stoppedAllBuffer
	stoppedAllWatermark
)

// station is one filter's place on one path: what it was shown, what it let pass. The body that stops keep back is the
// path's.
type station struct {
	handle *handle
	index  int // on the path
	state  hold

	// again says that this station resumes from a stop of everything: body and trailers begin here instead of at the next.
	again bool
	// buffering says that the last data callback answered StopIterationAndBuffer: the next one sees all that is held,
	// also after a resume.
	buffering bool

	headersGiven  bool // the headers callback was called
	headersPassed bool // headers were sent on
	endGiven      bool // a callback was told the end of stream: data that comes later is not for this one nor for the next
	endInjected   bool // the end of stream went on with injected data
	inCallback    bool
}

func (st *station) stoppedAll() bool {
	return st.state == stoppedAllBuffer || st.state == stoppedAllWatermark
}
