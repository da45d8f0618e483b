package codec

import (
	"errors"
	"net"
)

// writeBatch is how many bytes one write may join.
const writeBatch = 64 << 10

var (
	errAborted = errors.New("exchange reset")
	errStopped = errors.New("exchange over")
)

// writeFrames writes batches of q onto conn, as large as q.take(limit) makes them, until the end frame is written
// (nil), an abort frame comes up (errAborted), stop is closed (errStopped) or a write fails. before is called with each batch and may wait, or fail for the write.
func writeFrames(conn net.Conn, q *sendQueue, limit int, stop <-chan struct{}, before func([]frame) error) error {
	for {
		batch := q.take(limit)
		if len(batch) == 0 {
			select {
			case <-q.wake:
				continue
			case <-stop:
				return errStopped
			}
		}
		if err := before(batch); err != nil {
			return err
		}
		n, err := writeParts(conn, batch)
		if err != nil {
			return err
		}
		q.sent(n)
		switch last := batch[len(batch)-1]; {
		case last.kind == frameAbort:
			return errAborted
		case last.end:
			return nil
		}
	}
}

// writeParts writes a batch with one writev where the connection has it, and as one buffer (one TLS record) elsewhere.
func writeParts(conn net.Conn, batch []frame) (int, error) {
	size := 0
	var buffers net.Buffers
	for i := range batch {
		for _, part := range batch[i].parts {
			if len(part) > 0 {
				buffers = append(buffers, part)
				size += len(part)
			}
		}
	}
	if size == 0 {
		return 0, nil
	}
	if _, vectored := conn.(*net.TCPConn); vectored {
		n, err := buffers.WriteTo(conn)
		return int(n), err
	}
	joined := make([]byte, 0, size)
	for _, b := range buffers {
		joined = append(joined, b...)
	}
	return conn.Write(joined)
}
