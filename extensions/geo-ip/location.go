package main

// location is where an address is. What is not known is "".
type location struct{ country, province, city, provider string }

// finder looks IPv4 addresses up, as numbers. It is read-only.
type finder interface {
	find(addr uint32) (at location, found bool)
}

// lookup is the order in which tables are asked.
type lookup struct {
	first   finder // asked before anything else, nil for none
	general finder // asked for addresses that are not reserved
}

func (l *lookup) find(addr uint32) (location, bool) {
	if l.first != nil {
		if at, found := l.first.find(addr); found {
			return at, true
		}
	}
	if isReserved(addr) {
		return internal, true
	}
	return l.general.find(addr)
}
