package stream

import "testing"

// Header statuses with and without a body, after Envoy's FilterHeadersStatus.
func TestRequestHeaderStatuses(t *testing.T) {
	playAll(t, []transcript{
		{name: "continue passes headers and data at once", filters: "a b", lines: `
			req H     | a>H b>H up.H
			req D:one | a>D:one b>D:one up.D:one
			req D:.   | a>D:. b>D:. up.D:.`},
		{name: "continue with end of stream", filters: "a b", lines: `
			req H. | a>H. b>H. up.H.`},
		{name: "stop iteration with end of stream waits for resume", filters: "a{>H=stop} b", lines: `
			req H.  | a>H.
			a cont> | b>H. up.H.
			a cont> |`},
		{name: "stop all and buffer with end of stream waits for resume", filters: "a{>H=allbuf} b", lines: `
			req H.  | a>H.
			a cont> | b>H. up.H.`},
		{name: "stop all and watermark with end of stream waits for resume", filters: "a{>H=allwm} b", lines: `
			req H.  | a>H.
			a cont> | b>H. up.H.`},
		{name: "stop iteration: data callbacks run, continue releases headers then data in one piece",
			filters: "a{>H=stop;>D=wm,go} b", lines: `
			req H      | a>H
			req D:one  | a>D:one
			req D:two  | a>D:two b>H up.H b>D:onetwo up.D:onetwo
			req D:end. | a>D:end. b>D:end. up.D:end.`},
		{name: "stop iteration: the first data callback may release", filters: "a{>H=stop} b", lines: `
			req H     | a>H
			req D:one | a>D:one b>H up.H b>D:one up.D:one`},
		{name: "stop iteration: resume sends headers alone, later data follows", filters: "a{>H=stop} b", lines: `
			req H      | a>H
			a cont>    | b>H up.H
			req D:one. | a>D:one. b>D:one. up.D:one.`},
		{name: "stop iteration: resume sends headers and what data callbacks kept, without asking again",
			filters: "a{>H=stop;>D=buf,buf} b", lines: `
			req H      | a>H
			req D:one  | a>D:one
			req D:two. | a>D:onetwo.
			a cont>    | b>H up.H b>D:onetwo. up.D:onetwo.`},
		{name: "stop iteration: trailers release everything", filters: "a{>H=stop;>D=wm} b", lines: `
			req H     | a>H
			req D:one | a>D:one
			req T     | a>T b>H up.H b>D:one up.D:one b>T up.T`},
		{name: "stop all: everything is collected, resume shows it to this filter's body callback once",
			filters: "a{>H=allwm} b", lines: `
			req H     | a>H
			req D:one |
			req D:two |
			req D:.   |
			a cont>   | b>H up.H a>D:onetwo. b>D:onetwo. up.D:onetwo.`},
		{name: "stop all and buffer, body incomplete at resume", filters: "a{>H=allbuf} b", lines: `
			req H      | a>H
			req D:one  |
			a cont>    | b>H up.H a>D:one b>D:one up.D:one
			req D:two. | a>D:two. b>D:two. up.D:two.`},
		{name: "stop all without body at resume", filters: "a{>H=allwm} b", lines: `
			req H      | a>H
			a cont>    | b>H up.H
			req D:two. | a>D:two. b>D:two. up.D:two.`},
		{name: "stop all: trailers follow the collected body through this filter's callbacks", filters: "a{>H=allwm} b", lines: `
			req H     | a>H
			req D:one |
			req T     |
			a cont>   | b>H up.H a>D:one b>D:one up.D:one a>T b>T up.T`},
		{name: "stop all: trailers without a body", filters: "a{>H=allbuf} b", lines: `
			req H   | a>H
			req T   |
			a cont> | b>H up.H a>T b>T up.T`},
		{name: "stop all: an empty last frame is shown after the headers", filters: "a{>H=allwm} b", lines: `
			req H   | a>H
			req D:. |
			a cont> | b>H up.H a>D:. b>D:. up.D:.`},
		{name: "stop all: the body callback after resume may stop again", filters: "a{>H=allwm;>D=buf,buf} b", lines: `
			req H      | a>H
			req D:one  |
			a cont>    | b>H up.H a>D:one
			req D:two  | a>D:onetwo
			a cont>    | b>D:onetwo up.D:onetwo
			req D:end. | a>D:end. b>D:end. up.D:end.`},
		{name: "stop all: body callback stops, trailers callback releases: it is asked twice and the body is lost", filters: "a{>H=allwm;>D=buf} b", lines: `
			req H     | a>H
			req D:one |
			req T     |
			a cont>   | b>H up.H a>D:one a>T a>T b>T up.T`},
		{name: "each filter stops for itself", filters: "a{>H=allwm} b{>H=stop;>D=buf} c", lines: `
			req H     | a>H
			req D:one |
			b cont>   |
			a cont>   | b>H a>D:one b>D:one
			req D:two | a>D:two b>D:onetwo c>H up.H c>D:onetwo up.D:onetwo
			req D:.   | a>D:. b>D:. c>D:. up.D:.`},
		{name: "a stop of everything behind a continuing filter", filters: "a b{>H=allbuf} c", lines: `
			req H      | a>H b>H
			req D:one  | a>D:one
			req D:two. | a>D:two.
			b cont>    | c>H up.H b>D:onetwo. c>D:onetwo. up.D:onetwo.`},
		{name: "a stop of everything behind a releasing filter", filters: "a{>H=stop;>D=buf,go} b{>H=allbuf} c", lines: `
			req H      | a>H
			req D:one  | a>D:one
			req D:two. | a>D:onetwo. b>H
			b cont>    | c>H up.H b>D:onetwo. c>D:onetwo. up.D:onetwo.`},
	})
}

func TestResponseHeaderStatuses(t *testing.T) {
	const asked = "req H. | a>H. b>H. up.H.\n"
	playAll(t, []transcript{
		{name: "the response runs through the chain in reverse", filters: "a b", lines: asked + `
			resp H:200 | b<H a<H down.H:200
			resp D:one | b<D:one a<D:one down.D:one
			resp D:.   | b<D:. a<D:. down.D:. end`},
		{name: "continue with end of stream", filters: "a b", lines: asked + `
			resp H:204. | b<H. a<H. down.H:204. end`},
		{name: "stop iteration with end of stream waits for resume", filters: "a b{<H=stop}", lines: asked + `
			resp H:204. | b<H.
			b cont<     | a<H. down.H:204. end`},
		{name: "stop all and buffer with end of stream waits for resume", filters: "a b{<H=allbuf}", lines: asked + `
			resp H:204. | b<H.
			b cont<     | a<H. down.H:204. end`},
		{name: "stop all and watermark with end of stream waits for resume", filters: "a b{<H=allwm}", lines: asked + `
			resp H:204. | b<H.
			b cont<     | a<H. down.H:204. end`},
		{name: "stop iteration: body callbacks run, continue releases", filters: "a b{<H=stop;<D=buf}", lines: asked + `
			resp H:200  | b<H
			resp D:one  | b<D:one
			resp D:two. | b<D:onetwo. a<H down.H:200 a<D:onetwo. down.D:onetwo. end`},
		{name: "stop all: collected, then this filter's body callback", filters: "a b{<H=allbuf}", lines: asked + `
			resp H:200  | b<H
			resp D:one  |
			resp D:two. |
			b cont<     | a<H down.H:200 b<D:onetwo. a<D:onetwo. down.D:onetwo. end`},
		{name: "stop all and watermark: trailers held too", filters: "a b{<H=allwm}", lines: asked + `
			resp H:200 | b<H
			resp D:one |
			resp T     |
			b cont<    | a<H down.H:200 b<D:one a<D:one down.D:one b<T a<T down.T end`},
		{name: "trailers callback stops and resume releases all", filters: "a b{<H=stop;<D=wm;<T=stop}", lines: asked + `
			resp H:200 | b<H
			resp D:one | b<D:one
			resp T     | b<T
			b cont<    | a<H down.H:200 a<D:one down.D:one a<T down.T end`},
	})
}
