package schema

import (
	"math/bits"
	"strings"
)

// decimal is a number, exactly: digits × 10^exponent. The digits neither begin nor end with 0; those of zero are empty.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// maxExponent is the largest exponent that is told from larger ones.
const maxExponent = 1 << 40

// newDecimal reads a number in JSON's form.
func newDecimal(s string) decimal {
	var n decimal
	n.negative = s[0] == '-'
	s = strings.TrimPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n.exponent = exponentOf(s[i+1:])
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	fraction = strings.TrimRight(fraction, "0")
	n.exponent -= int64(len(fraction))
	if fraction == "" {
		n.digits = whole
	} else if whole == "0" {
		n.digits = fraction
	} else {
		n.digits = whole + fraction
	}
	n.digits = strings.TrimLeft(n.digits, "0")
	length := len(n.digits)
	n.digits = strings.TrimRight(n.digits, "0")
	n.exponent += int64(length - len(n.digits))
	if n.digits == "" {
		return decimal{}
	}
	return n
}

func exponentOf(s string) int64 {
	negative := s[0] == '-'
	s = strings.TrimLeft(s, "+-")
	var e int64
	for i := 0; i < len(s) && e < maxExponent; i++ {
		e = e*10 + int64(s[i]-'0')
	}
	e = min(e, maxExponent)
	if negative {
		return -e
	}
	return e
}

func (n decimal) isInteger() bool { return n.exponent >= 0 }

// compare returns -1, 0 or 1, as n is less than, equal to or more than m.
func (n decimal) compare(m decimal) int {
	if sign := n.sign() - m.sign(); sign != 0 || n.digits == "" {
		return min(max(sign, -1), 1)
	}
	size := compareInts(n.exponent+int64(len(n.digits)), m.exponent+int64(len(m.digits)))
	if size == 0 {
		size = strings.Compare(n.digits, m.digits)
	}
	return size * n.sign()
}

func (n decimal) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// maxDivisorDigits is how many digits a divisor may have, so that it fits a word.
const maxDivisorDigits = 18

// isMultipleOf tells whether n divided by m is an integer. m is not zero and has at most maxDivisorDigits digits.
func (n decimal) isMultipleOf(m decimal) bool {
	power := n.exponent - m.exponent
	if n.digits == "" {
		return true
	}
	if power < 0 {
		return false // n would have to end with 0
	}
	divisor := remainder(m.digits, 1<<63)
	return product(remainder(n.digits, divisor), powerOfTen(power, divisor), divisor) == 0
}

func remainder(digits string, divisor uint64) uint64 {
	var r uint64
	for i := range len(digits) {
		hi, lo := bits.Mul64(r, 10)
		lo, carry := bits.Add64(lo, uint64(digits[i]-'0'), 0)
		r = bits.Rem64(hi+carry, lo, divisor)
	}
	return r
}

func product(a, b, divisor uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return bits.Rem64(hi, lo, divisor)
}

// powerOfTen is the remainder of 10^power.
func powerOfTen(power int64, divisor uint64) uint64 {
	result, square := 1%divisor, 10%divisor
	for ; power > 0; power >>= 1 {
		if power&1 == 1 {
			result = product(result, square, divisor)
		}
		square = product(square, square, divisor)
	}
	return result
}
