package geo

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"math/bits"
	"strconv"
)

// Pack returns a table as a text for the field `table` of the plugin's configuration: gzip, then base64.
func Pack(table []byte) (string, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := zip.Write(table); err != nil {
		return "", err
	}
	if err := zip.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}

// Text returns ranges as ip2region's source text, without regions.
func Text(ranges []Range) []byte {
	var out []byte
	for _, r := range ranges {
		out = append(append(out, addressOf(r.First)+"|"+addressOf(r.Last)+"|"...), orZero(r.Location.Country)...)
		out = append(out, "|0"...)
		for _, part := range []string{r.Location.Province, r.Location.City, r.Location.Provider} {
			out = append(append(out, '|'), orZero(part)...)
		}
		out = append(out, '\n')
	}
	return out
}

func orZero(text string) string {
	if text == "" {
		return "0"
	}
	return text
}

// Rows returns ranges as rows, each range as the fewest networks that are exactly it, in ascending order.
func Rows(ranges []Range) []byte {
	var out []byte
	for _, r := range ranges {
		at := r.Location
		rest := "|" + at.Country + "|" + at.Province + "|" + at.City + "|" + at.Provider + "\n"
		for first, end := uint64(r.First), uint64(r.Last)+1; first < end; {
			size := min(bits.TrailingZeros64(first|1<<32), bits.Len64(end-first)-1) // as a power of two
			out = append(out, addressOf(uint32(first))+"/"+strconv.Itoa(32-size)+rest...)
			first += 1 << size
		}
	}
	return out
}
