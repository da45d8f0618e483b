package stream

import "testing"

func TestDataStatuses(t *testing.T) {
	playAll(t, []transcript{
		{name: "after buffer the next callback sees the whole body, after the others its chunk",
			filters: "a{>D=buf,buf,wm,wm,go} b", lines: `
			req H     | a>H b>H up.H
			req D:1   | a>D:1
			req D:2   | a>D:12
			req D:3   | a>D:123
			a held>   | a.held:123
			req D:4   | a>D:4
			req D:5   | a>D:5 b>D:12345 up.D:12345
			req D:6.  | a>D:6. b>D:6. up.D:6.`},
		{name: "no buffer discards the chunk", filters: "a{>D=drop,go} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			req D:2 | a>D:2 b>D:2 up.D:2`},
		{name: "no buffer keeps the end of an empty last frame", filters: "a{>H=stop;>D=drop} b", lines: `
			req H   | a>H
			req D:. | a>D:.
			a cont> | b>H up.H b>D:. up.D:.`},
		{name: "no buffer on a last frame with data keeps only the end", filters: "a{>D=drop} b", lines: `
			req H    | a>H b>H up.H
			req D:x. | a>D:x.
			a cont>  | b>D:. up.D:.`},
		{name: "no buffer after buffer keeps what is held", filters: "a{>D=buf,drop} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			req D:2 | a>D:12
			a cont> | b>D:12 up.D:12`},
		{name: "no buffer after a stop of everything keeps what was held", filters: "a{>H=allwm;>D=drop,drop} b", lines: `
			req H   | a>H
			req D:1 |
			a cont> | b>H up.H a>D:1
			req D:2 | a>D:2
			a cont> | b>D:1 up.D:1`},
		{name: "after a resume the next callback sees its chunk only", filters: "a{>D=buf,buf} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			a cont> | b>D:1 up.D:1
			req D:2 | a>D:2
			req D:. | a>D:2. b>D:2. up.D:2.`},
		{name: "an edit from outside reaches the next filter", filters: "a{>D=buf} b", lines: `
			req H        | a>H b>H up.H
			req D:1.     | a>D:1.
			a edit>:new  |
			a cont>      | b>D:new. up.D:new.`},
		{name: "one buffer for all filters: a later one's resume releases what an earlier one holds",
			filters: "a{>D=go,wm,go} b{>D=wm,wm} c", lines: `
			req H    | a>H b>H c>H up.H
			req D:1  | a>D:1 b>D:1
			req D:2  | a>D:2
			b held>  | b.held:12
			b cont>  | c>D:12 up.D:12
			req D:3. | a>D:3. b>D:3.
			b cont>  | c>D:3. up.D:3.`},
		{name: "the end of stream goes with it, though the earlier filter stopped", filters: "a{>D=go,buf} b{>D=buf,go} c", lines: `
			req H    | a>H b>H c>H up.H
			req D:1  | a>D:1 b>D:1
			req D:2. | a>D:2.
			b cont>  | c>D:12. up.D:12.
			a cont>  | b>D:.`},
		{name: "after buffer and a resume an edit goes on with the chunk", filters: "a{>D=buf,go!edit>:new} b", lines: `
			req H    | a>H b>H up.H
			req D:1  | a>D:1
			a cont>  | b>D:1 up.D:1
			req D:2. | a>D:2. b>D:new. up.D:new.`},
		{name: "and is nothing that a later filter holds", filters: "a{>D=buf} b{>D=go,drop}", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			a cont> | b>D:1 up.D:1
			req D:2 | a>D:2 b>D:2
			req D:. | a>D:. b>D:. up.D:.`},
		{name: "but not with an end that has no data", filters: "a{>D=buf,go!edit>:new} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			a cont> | b>D:1 up.D:1
			req D:. | a>D:. b>D:. up.D:.
			a held> | a.held:new`},
		{name: "no buffer after buffer and a resume keeps the chunk", filters: "a{>D=buf,drop} b", lines: `
			req H    | a>H b>H up.H
			req D:1  | a>D:1
			a cont>  | b>D:1 up.D:1
			req D:2  | a>D:2
			req D:3. | a>D:3. b>D:23. up.D:23.`},
		{name: "after a stop that held data a resume passes on what there is, if nothing an empty piece", filters: "a{>D=buf,buf,drop;>T=stop} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			a cont> | b>D:1 up.D:1
			req D:2 | a>D:2
			a cont> | b>D:2 up.D:2
			req D:3 | a>D:3
			a cont> | b>D:3 up.D:3
			req T   | a>T
			a cont> | b>D: b>T up.T`},
		{name: "trailers: stop holds body and trailers, resume sends both", filters: "a{>D=buf;>T=stop} b", lines: `
			req H   | a>H b>H up.H
			req D:1 | a>D:1
			req T   | a>T
			a cont> | b>D:1 up.D:1 b>T up.T`},
		{name: "response: buffer, then everything at the end", filters: "a b{<D=buf,buf}", lines: `
			req H.     | a>H. b>H. up.H.
			resp H:200 | b<H a<H down.H:200
			resp D:1   | b<D:1
			resp D:2   | b<D:12
			resp D:3.  | b<D:123. a<D:123. down.D:123. end`},
		{name: "response: watermark and no buffer", filters: "a{<D=wm,drop,go} ", lines: `
			req H.     | a>H. up.H.
			resp H:200 | a<H down.H:200
			resp D:1   | a<D:1
			resp D:2   | a<D:2
			resp D:3.  | a<D:3. down.D:13. end`},
	})
}

func TestCreatedTrailers(t *testing.T) {
	playAll(t, []transcript{
		{name: "made in the last request data callback", filters: "a b{>D=go!trailers>} c", lines: `
			req H    | a>H b>H c>H up.H
			req D:1. | a>D:1. b>D:1. c>D:1 up.D:1 c>T up.T`},
		{name: "made twice is made once", filters: "a{>D=go!trailers>!trailers>} b", lines: `
			req H    | a>H b>H up.H
			req D:1. | a>D:1. b>D:1 up.D:1 b>T up.T`},
		{name: "not before the end of stream", filters: "a{>H=go!trailers>;>D=go!trailers>}", lines: `
			req H       | a>H a.no-trailers up.H
			req D:1     | a>D:1 a.no-trailers up.D:1
			a trailers> | a.no-trailers
			req D:.     | a>D:. up.D:.`},
		{name: "later, while the end is held", filters: "a{>D=buf} b", lines: `
			req H       | a>H b>H up.H
			req D:1.    | a>D:1.
			a trailers> |
			a cont>     | b>D:1 up.D:1 b>T up.T`},
		{name: "request, made by a callback that stops: they go on at once and the body is lost", filters: "a{>D=buf!trailers>} b", lines: `
			req H    | a>H b>H up.H
			req D:1. | a>D:1. b>T up.T
			a cont>  | b>T`},
		{name: "request, made while the headers are held: no one gets them before", filters: "a{>H=stop;>D=buf!trailers>}", lines: `
			req H    | a>H
			req D:1. | a>D:1.
			a cont>  | up.H up.D:1 up.T`},
		{name: "response, made by a callback that stops: they wait with the body", filters: "a b{<D=buf!trailers<}", lines: `
			req H.     | a>H. b>H. up.H.
			resp H:200 | b<H a<H down.H:200
			resp D:1.  | b<D:1.
			b cont<    | a<D:1 down.D:1 a<T down.T end`},
		{name: "made on release", filters: "a{>H=stop;>D=buf,go!trailers>} b", lines: `
			req H    | a>H
			req D:1  | a>D:1
			req D:2. | a>D:12. b>H up.H b>D:12 up.D:12 b>T up.T b>T`},
		{name: "a later filter that holds the data is asked for the trailers", filters: "a{>D=go!trailers>} b{>D=buf} c", lines: `
			req H    | a>H b>H c>H up.H
			req D:1. | a>D:1. b>D:1 b>T c>D:1 up.D:1 c>T up.T`},
		{name: "a later filter that stopped everything gets them on resume", filters: "a{>D=go!trailers>} b{>H=allbuf} c", lines: `
			req H    | a>H b>H
			req D:1. | a>D:1.
			b cont>  | c>H up.H b>D:1 c>D:1 up.D:1 b>T c>T up.T`},
		{name: "response", filters: "a b{<D=go!trailers<}", lines: `
			req H.     | a>H. b>H. up.H.
			resp H:200 | b<H a<H down.H:200
			resp D:1.  | b<D:1. a<D:1 down.D:1 a<T down.T end`},
		{name: "response, made by the last filter of the path", filters: "a{<D=go!trailers<}", lines: `
			req H.     | a>H. up.H.
			resp H:200 | a<H down.H:200
			resp D:.   | a<D:. down.T end`},
	})
}

func TestInjectedResponseData(t *testing.T) {
	const asked = "req H. | a>H. b>H. up.H.\n"
	playAll(t, []transcript{
		{name: "held headers first, then data past this filter", filters: "a b{<H=stop;<D=drop,drop}", lines: asked + `
			resp H:200  | b<H
			resp D:x    | b<D:x
			b inject:1  | a<H down.H:200 a<D:1 down.D:1
			resp D:y.   | b<D:y.
			b inject:2. | a<D:2. down.D:2. end`},
		{name: "at once from inside the callback", filters: "a b{<D=drop!inject:1,drop!inject:2.}", lines: asked + `
			resp H:200 | b<H a<H down.H:200
			resp D:x   | b<D:x a<D:1 down.D:1
			resp D:y.  | b<D:y. a<D:2. down.D:2. end`},
		{name: "before there are response headers nothing happens", filters: "a b{<H=go}", lines: asked + `
			b inject:1. |
			resp H:200. | b<H. a<H. down.H:200. end`},
		{name: "a resume after the injected end of stream shows the next filter nothing more", filters: "a{<D=wm} b{<H=allwm}", lines: asked + `
			resp H:200  | b<H
			resp D:x.   |
			b inject:1. | a<H down.H:200 a<D:1.
			b cont<     | b<D:x1.
			a cont<     | down.D:x1. end`},
		{name: "in the headers callback of a message without a body", filters: "a b{<H=go!inject:1}", lines: asked + `
			resp H:200. | b<H. a<H down.H:200 a<D:1 down.D:1 a<D:. down.D:. end`},
		{name: "into a filter that is inside its callback it waits", filters: "a{<D=go,wm!other:b.inject:2} b", lines: asked + `
			resp H:200 | b<H a<H down.H:200
			resp D:1   | b<D:1 a<D:1 down.D:1
			resp D:x   | b<D:x a<D:x a<D:2 down.D:x2`},
		{name: "the end of stream of the headers, injected too", filters: "a b{<H=go!inject:1.}", lines: asked + `
			resp H:200. | b<H. a<H down.H:200 a<D:1. down.D:1. end`},
		{name: "the end of stream of the headers waits for a filter that stopped there", filters: "a b{<H=stop!inject:1}", lines: asked + `
			resp H:200. | b<H. a<H down.H:200 a<D:1 down.D:1
			b cont<     | a<D:. down.D:. end`},
		{name: "once the end of stream was injected a stop has nothing to release", filters: "a{<D=wm} b{<H=stop!inject:1.}", lines: asked + `
			resp H:200. | b<H. a<H down.H:200 a<D:1.
			b cont<     |
			b inject:2  |
			a cont<     | down.D:1. end`},
		{name: "the next filter may answer the injected headers", filters: "a{<H=go!reply:403:no} b{<H=stop}", lines: asked + `
			resp H:200 | b<H
			b inject:1 | a<H up.reset down.H:403 down.D:no. end`},
		{name: "the next filter's stop applies", filters: "a{<H=stop;<D=buf} b{<H=stop}", lines: asked + `
			resp H:200  | b<H
			b inject:1  | a<H a<D:1
			b inject:2. | a<D:12. down.H:200 down.D:12. up.reset end`},
	})
}
