package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"hash/maphash"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// originalAuth is a place the gateway's own components put a key into.
const originalAuth = "x-hi-original-auth"

// place is where a key may be: the header or the URL parameter of that name.
type place struct {
	header string // lower case; empty when headers are not looked at
	param  string // exact; empty when parameters are not looked at
	scheme string // scheme word that may precede the key, such as Bearer; empty for none
}

// credential is one key of one consumer, or of nobody in particular.
type credential struct {
	secret   string // empty for a digest
	digest   [sha256.Size]byte
	consumer string // "" for a nameless credential
	places   []int  // where it is looked for, in order, as indexes into credentials.places
}

// credentials is everything a key can be. Keys are looked up by a keyed hash and then compared in constant time, so
// that neither the cost nor the time depends on how many there are or how much of one is right.
type credentials struct {
	places  []place
	list    []credential
	seed    maphash.Seed
	bySum   map[uint64][]int // keyed hash of the secret → indexes into list
	digests map[[sha256.Size]byte]int
	// firstMatch: several keys in a request are no error, the first consumer whose own key is found wins. Set as soon as
	// consumers have places or several keys of their own.
	firstMatch bool
}

// lookIn is a configuration's, or a consumer's, choice of places.
type lookIn struct {
	keys                                []string
	header, query                       bool
	scheme                              string
	withOriginalLast, withOriginalFirst bool
}

func parseCredentials(json gjson.Result) (*credentials, error) {
	base, err := parseLookIn(json)
	if err != nil {
		return nil, err
	}
	c := &credentials{seed: maphash.MakeSeed(), bySum: map[uint64][]int{}, digests: map[[sha256.Size]byte]int{}}
	consumers, nameless := json.Get("consumers"), json.Get("credentials")
	if consumers.Exists() && nameless.Exists() {
		return nil, errors.New("consumers and credentials: only one of them can be set")
	}
	if len(base.keys) == 0 && (nameless.Exists() || !everyConsumerHasKeys(consumers)) {
		return nil, errors.New("keys is required")
	}
	if !base.header && !base.query {
		return nil, errors.New("in_query and in_header: one of them must be true")
	}
	if nameless.Exists() {
		err := c.addNameless(nameless, base)
		c.finish()
		return c, err
	}
	if !consumers.Exists() {
		return nil, errors.New("consumers is required")
	}
	if len(consumers.Array()) == 0 {
		return nil, errors.New("consumers cannot be empty")
	}
	for i, consumer := range consumers.Array() {
		if err := c.addConsumer(element("consumers", i), consumer, base); err != nil {
			return nil, err
		}
	}
	c.finish()
	return c, nil
}

func everyConsumerHasKeys(consumers gjson.Result) bool {
	list := consumers.Array()
	for _, consumer := range list {
		if !consumer.Get("keys").Exists() {
			return false
		}
	}
	return len(list) > 0
}

func parseLookIn(json gjson.Result) (lookIn, error) {
	in := lookIn{header: true, query: true}
	keys := json.Get("keys")
	if keys.Exists() && len(keys.Array()) == 0 {
		return in, errors.New("keys cannot be empty")
	}
	for i, key := range keys.Array() {
		if key.String() == "" {
			return in, errors.New(element("keys", i) + ": must not be empty")
		}
		in.keys = append(in.keys, key.String())
	}
	return in, in.parseSwitches(json)
}

func (in *lookIn) parseSwitches(json gjson.Result) error {
	for field, target := range map[string]*bool{"in_query": &in.query, "in_header": &in.header} {
		value, set, err := boolean(json, field)
		if err != nil {
			return err
		}
		if set {
			*target = value
		}
	}
	return in.parseScheme(json)
}

func (in *lookIn) parseScheme(json gjson.Result) error {
	scheme := json.Get("authorization_type")
	if scheme.Exists() && (scheme.Type != gjson.String || strings.ContainsAny(scheme.String(), " \t")) {
		return errors.New("authorization_type: must be a word such as Bearer")
	}
	if scheme.Exists() {
		in.scheme = scheme.String()
	}
	return nil
}

func (c *credentials) addNameless(list gjson.Result, base lookIn) error {
	if len(list.Array()) == 0 {
		return errors.New("credentials cannot be empty")
	}
	c.firstMatch = true
	base.withOriginalLast = true
	places := c.placesOf(base)
	for i, item := range list.Array() {
		field := element("credentials", i)
		if err := c.add(field, credential{secret: item.String(), places: places}); err != nil {
			return err
		}
	}
	return nil
}

func (c *credentials) addConsumer(field string, json gjson.Result, base lookIn) error {
	name := json.Get("name").String()
	if name == "" {
		return errors.New(field + ".name: consumer name is required")
	}
	if strings.ContainsAny(name, "\r\n\x00") {
		return errors.New(field + ".name: must not hold line breaks")
	}
	in := base
	if own := json.Get("keys"); own.Exists() {
		c.firstMatch = true
		in.keys = nil
		for _, key := range own.Array() {
			if key.String() != "" {
				in.keys = append(in.keys, key.String())
			}
		}
		in.withOriginalFirst = true
	}
	if err := in.parseOwn(json); err != nil {
		return errors.New(field + "." + err.Error())
	}
	secrets, err := parseSecrets(field, json)
	if err != nil {
		return err
	}
	if json.Get("credentials").Exists() || json.Get("authorization_type").Exists() {
		c.firstMatch = true
	}
	places := c.placesOf(in)
	for _, s := range secrets {
		s.consumer, s.places = name, places
		if err := c.add(field, s); err != nil {
			return err
		}
	}
	return nil
}

// parseOwn reads a consumer's own switches. in_query and in_header count only beside keys of its own.
func (in *lookIn) parseOwn(json gjson.Result) error {
	if json.Get("keys").Exists() {
		return in.parseSwitches(json)
	}
	return in.parseScheme(json)
}

// parseSecrets reads a consumer's keys: exactly one of credential, credentials and credential_sha256.
func parseSecrets(field string, json gjson.Result) ([]credential, error) {
	var found []string
	for _, name := range []string{"credential", "credentials", "credential_sha256"} {
		if json.Get(name).Exists() {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, errors.New(field + ".credential: consumer credential is required")
	}
	if len(found) > 1 {
		return nil, errors.New(field + ": only one of " + strings.Join(found, " and ") + " can be set")
	}
	var secrets []credential
	list := json.Get(found[0])
	for i, item := range list.Array() {
		at := field + "." + found[0]
		if list.IsArray() {
			at = element(at, i)
		}
		s := credential{secret: item.String()}
		if s.secret == "" {
			return nil, errors.New(at + ": consumer credential is required")
		}
		if found[0] == "credential_sha256" {
			if !parseDigest(s.secret, &s.digest) {
				return nil, errors.New(at + ": must be 64 hexadecimal digits")
			}
			s.secret = ""
		}
		secrets = append(secrets, s)
	}
	if len(secrets) == 0 {
		return nil, errors.New(field + "." + found[0] + ": consumer credential is required")
	}
	return secrets, nil
}

// element names an element of a list in errors.
func element(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// parseDigest reads a digest in hexadecimal; false if it is none.
func parseDigest(text string, digest *[sha256.Size]byte) bool {
	if len(text) != 2*sha256.Size {
		return false
	}
	for i := range digest {
		octet, err := strconv.ParseUint(text[2*i:2*i+2], 16, 8)
		if err != nil {
			return false
		}
		digest[i] = byte(octet)
	}
	return true
}

// add enters a credential. No key may be there twice, whether in clear or as a digest.
func (c *credentials) add(field string, s credential) error {
	if s.secret == "" && s.digest == [sha256.Size]byte{} {
		return errors.New(field + ": must not be empty")
	}
	digest := s.digest
	if s.secret != "" {
		digest = sha256.Sum256([]byte(s.secret))
	}
	if _, twice := c.digests[digest]; twice {
		return errors.New("duplicate consumer credential: " + field)
	}
	c.digests[digest] = len(c.list)
	if s.secret != "" {
		sum := maphash.String(c.seed, s.secret)
		c.bySum[sum] = append(c.bySum[sum], len(c.list))
	}
	c.list = append(c.list, s)
	return nil
}

// finish drops the digests of keys that are known in clear: only the others are looked up by digest.
func (c *credentials) finish() {
	for digest, i := range c.digests {
		if c.list[i].secret != "" {
			delete(c.digests, digest)
		}
	}
}

// placesOf returns the indexes of the places a choice names, entering those that are new.
func (c *credentials) placesOf(in lookIn) []int {
	keys := in.keys
	if in.withOriginalFirst {
		keys = append([]string{originalAuth}, keys...)
	}
	if in.withOriginalLast {
		keys = append(append([]string(nil), keys...), originalAuth)
	}
	var indexes []int
	for _, key := range keys {
		p := place{scheme: in.scheme}
		if in.header {
			p.header = strings.ToLower(key)
		}
		if in.query {
			p.param = key
			if key == originalAuth {
				p.param = "X-HI-ORIGINAL-AUTH"
			}
		}
		indexes = append(indexes, c.placeIndex(p))
	}
	return indexes
}

func (c *credentials) placeIndex(p place) int {
	for i := range c.places {
		if c.places[i] == p {
			return i
		}
	}
	c.places = append(c.places, p)
	return len(c.places) - 1
}

// lookUp returns the credential that a key is, or -1.
func (c *credentials) lookUp(key string) int {
	for _, i := range c.bySum[maphash.String(c.seed, key)] {
		if subtle.ConstantTimeCompare([]byte(c.list[i].secret), []byte(key)) == 1 {
			return i
		}
	}
	if len(c.digests) == 0 {
		return -1
	}
	if i, ok := c.digests[sha256.Sum256([]byte(key))]; ok {
		return i
	}
	return -1
}
