package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
)

// bar is one ratio of the chart; limit is 0 where there is no goal.
type bar struct {
	name  string
	ratio spread
	limit float64
}

// Sizes of the chart in pixels.
const (
	labelWidth, plotWidth, valueWidth = 460, 420, 90
	rowHeight, chartTop               = 24, 56
)

// The axis is logarithmic: ratios from 1/1000 to 10.
const axisFrom, axisTo = 0.001, 10.0

func axis(v float64) float64 {
	v = min(max(v, axisFrom), axisTo)
	return labelWidth + plotWidth*math.Log(v/axisFrom)/math.Log(axisTo/axisFrom)
}

// chart draws the goals, then the pairs that have none, as an SVG image.
func chart(r *report) []byte {
	var bars []bar
	for _, g := range r.Goals {
		bars = append(bars, bar{g.Name, g.Reached, g.Limit})
	}
	for _, p := range r.Pairs {
		if p.Name != keyAuth {
			bars = append(bars, bar{p.Name + " on wazero, time a request", p.Ratio, 0})
		}
	}
	width, height := labelWidth+plotWidth+valueWidth, chartTop+rowHeight*len(bars)+30
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	b.WriteString(`<text x="12" y="22" font-size="15">Ratios, logarithmic: shorter is better. A line in a bar's row is its goal.</text>` + "\n")
	for v := axisFrom; v <= axisTo*1.01; v *= 10 {
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#ccc"/><text x="%.1f" y="%d" text-anchor="middle" fill="#666">%.4g</text>`+"\n",
			axis(v), axis(v), chartTop-8, height-24, axis(v), height-8, v)
	}
	for i, x := range bars {
		drawBar(&b, x, chartTop+i*rowHeight)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func drawBar(b *bytes.Buffer, x bar, top int) {
	colour := "#4c78a8"
	switch {
	case x.limit > 0 && x.ratio.Median > x.limit:
		colour = "#e45756"
	case x.limit > 0:
		colour = "#54a24b"
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">`, labelWidth-8, top+14)
	_ = xml.EscapeText(b, []byte(x.name)) // a buffer does not fail
	fmt.Fprintf(b, `</text><rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, top+3, axis(x.ratio.Median)-labelWidth, rowHeight-8, colour)
	fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="black"/>`, axis(x.ratio.Low), axis(x.ratio.High), top+11, top+11)
	if x.limit > 0 {
		fmt.Fprintf(b, `<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="black" stroke-width="2"/>`, axis(x.limit), axis(x.limit), top, top+rowHeight-3)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%.3g</text>`+"\n", labelWidth+plotWidth+8, top+14, x.ratio.Median)
}
