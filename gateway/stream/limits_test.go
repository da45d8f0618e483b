package stream

import "testing"

// The limit is 4 bytes; "above" is strictly greater. Envoy: per_connection_buffer_limit_bytes and flow control.
func TestRequestBufferLimit(t *testing.T) {
	const tooLarge = "a<H down.H:413 a<D:Payload_Too_Large. down.D:Payload_Too_Large. "
	playAll(t, []transcript{
		{name: "buffer: exactly the limit is fine", filters: "a{>D=buf,buf,go}", limit: 4, lines: `
			req H    | a>H up.H
			req D:12 | a>D:12
			req D:34 | a>D:1234
			a cont>  | up.D:1234
			req D:.  | a>D:. up.D:.`},
		{name: "buffer: above the limit is 413 through the response path", filters: "a{>D=buf}", limit: 4, lines: `
			req H       | a>H up.H
			req D:12345 | a>D:12345 up.reset ` + tooLarge + `end`},
		{name: "buffer: the chunk that exceeds is shown before the 413", filters: "a{>D=buf}", limit: 4, lines: `
			req H    | a>H up.H
			req D:12 | a>D:12
			req D:345 | a>D:12345 up.reset ` + tooLarge + `end`},
		{name: "stop all and buffer", filters: "a{>H=allbuf} b", limit: 4, lines: `
			req H      | a>H
			req D:1234 |
			req D:5    | ` + tooLarge + `end`},
		{name: "what all filters hold counts together", filters: "a{>D=go,buf} b{>D=buf}", limit: 4, lines: `
			req H    | a>H b>H up.H
			req D:12 | a>D:12 b>D:12
			req D:345 | a>D:345 up.reset b<H a<H down.H:413 b<D:Payload_Too_Large. a<D:Payload_Too_Large. down.D:Payload_Too_Large. end`},
		{name: "watermark throttles the client and a resume lets it go on", filters: "a{>D=wm,wm,go}", limit: 4, lines: `
			req H    | a>H up.H
			req D:12 | a>D:12
			req D:34 | a>D:34
			req D:5  | a>D:5 down.pause up.D:12345 down.resume
			req D:.  | a>D:. up.D:.`},
		{name: "watermark above the limit", filters: "a{>D=wm,wm,wm}", limit: 4, lines: `
			req H      | a>H up.H
			req D:1234 | a>D:1234
			req D:5    | a>D:5 down.pause
			req D:6    | a>D:6
			a cont>    | up.D:123456 down.resume`},
		{name: "stop all and watermark", filters: "a{>H=allwm}", limit: 4, lines: `
			req H       | a>H
			req D:12345 | down.pause
			req D:6     |
			a cont>     | up.H a>D:123456 up.D:123456 down.resume`},
		{name: "a throttled client stays throttled when the next filter holds the body", filters: "a{>D=wm} b{>D=wm}", limit: 4, lines: `
			req H       | a>H b>H up.H
			req D:12345 | a>D:12345 down.pause
			a cont>     | b>D:12345
			b cont>     | up.D:12345 down.resume`},
		{name: "a body that is above the limit already is not measured again when it is buffered", filters: "a{>H=allwm;>D=buf}", limit: 4, lines: `
			req H       | a>H
			req D:12345 | down.pause
			a cont>     | up.H a>D:12345
			a cont>     | up.D:12345 down.resume`},
		{name: "a filter raises the limit for all", filters: "a{>H=go!limit:10} b{>D=buf}", limit: 4, lines: `
			req H     | a>H b>H up.H
			req D:12345 | a>D:12345 b>D:12345
			req D:6.  | a>D:6. b>D:123456. up.D:123456.`},
		{name: "a raised limit lets a throttled client go on", filters: "a{>D=wm}", limit: 4, lines: `
			req H       | a>H up.H
			req D:12345 | a>D:12345 down.pause
			a limit:9   |
			a limit:10  | down.resume`},
		{name: "a lowered limit applies to what is held", filters: "a{>D=buf}", limit: 9, lines: `
			req H       | a>H up.H
			req D:12345 | a>D:12345
			a limit:5   |
			a limit:4   | up.reset ` + tooLarge + `end`},
		{name: "an edit from outside counts with the next event", filters: "a{>D=buf}", limit: 4, lines: `
			req H         | a>H up.H
			req D:1       | a>D:1
			a edit>:12345 |
			a limit:4     | up.reset ` + tooLarge + `end`},
		{name: "after a resume the next chunk is buffered and measured once more", filters: "a{>D=buf,go}", limit: 4, lines: `
			req H       | a>H up.H
			req D:1     | a>D:1
			a cont>     | up.D:1
			req D:12345 | a>D:12345 up.reset ` + tooLarge + `end`},
		{name: "0 is no limit", filters: "a{>D=buf}", lines: `
			req H       | a>H up.H
			req D:12345 | a>D:12345
			req D:6.    | a>D:123456. up.D:123456.`},
	})
}

func TestResponseBufferLimit(t *testing.T) {
	const asked = "req H. | a>H. b>H. up.H.\n"
	playAll(t, []transcript{
		{name: "buffer, headers held: 500 straight to the codec", filters: "a b{<H=stop;<D=buf}", limit: 4, lines: asked + `
			resp H:200   | b<H
			resp D:12345 | b<D:12345 up.reset down.H:500 down.D:Internal_Server_Error. end`},
		{name: "stop all and buffer: 500 too", filters: "a b{<H=allbuf}", limit: 4, lines: asked + `
			resp H:200  | b<H
			resp D:1234 |
			resp D:5    | up.reset down.H:500 down.D:Internal_Server_Error. end`},
		{name: "buffer, headers out: reset", filters: "a b{<D=buf}", limit: 4, lines: asked + `
			resp H:200   | b<H a<H down.H:200
			resp D:12345 | b<D:12345 up.reset down.reset:response_payload_too_large end`},
		{name: "watermark throttles the upstream", filters: "a b{<D=wm,wm}", limit: 4, lines: asked + `
			resp H:200  | b<H a<H down.H:200
			resp D:1234 | b<D:1234
			resp D:5    | b<D:5 up.pause
			b cont<     | a<D:12345 down.D:12345 up.resume`},
		{name: "stop all and watermark", filters: "a b{<H=allwm}", limit: 4, lines: asked + `
			resp H:200   | b<H
			resp D:12345 | up.pause
			b cont<      | a<H down.H:200 b<D:12345 a<D:12345 down.D:12345 up.resume`},
	})
}

func TestWriteBuffersThrottleTheOtherSide(t *testing.T) {
	playAll(t, []transcript{
		{name: "client slow", filters: "a", lines: `
			req H.      | a>H. up.H.
			client slow | up.pause
			client slow |
			client fast | up.resume`},
		{name: "client slow before there is an upstream", filters: "a{>H=stop}", lines: `
			req H.      | a>H.
			client slow |
			a cont>     | up.pause up.H.`},
		{name: "upstream slow", filters: "a", lines: `
			req H         | a>H up.H
			upstream slow | down.pause
			upstream slow |
			upstream fast | down.resume`},
		{name: "the end makes good what is outstanding", filters: "a{>D=wm}", limit: 4, lines: `
			req H         | a>H up.H
			upstream slow | down.pause
			req D:12345   | a>D:12345 down.pause
			resp H:200.   | a<H. down.H:200. up.reset down.resume down.resume end`},
		{name: "but not towards a client that is gone", filters: "a", limit: 4, lines: `
			req H         | a>H up.H
			upstream slow | down.pause
			client gone   | up.reset end`},
	})
}
