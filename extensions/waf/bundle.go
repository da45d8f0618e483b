package main

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
)

//go:embed bundle/*.conf
var bundled embed.FS

// Names under which a configuration includes the bundled files. They are those of the first bundles of this plugin; the
// module of the Core Rule Set has other names for its files, which work too.
const (
	recommendedConf  = "@recommended-conf"
	demoConf         = "@demo-conf"
	crsSetupConf     = "@crs-setup-conf"
	crsSetupDemoConf = "@crs-setup-demo-conf"
	ftwConf          = "@ftw-conf"
	crsFolder        = "@owasp_crs/"

	moduleRecommended = "@coraza.conf-recommended"
	moduleSetup       = "@crs-setup.conf.example"
)

// bundle is the file system that Include and the operators with files see. It holds the bundled files and nothing else,
// and it is read-only. Whatever stands in front of the last @ of a name is ignored: the parser puts the including file's
// folder there. A bundle serves one load.
type bundle struct {
	// beforeCRS is put in front of the first rule file of the Core Rule Set that is read; "" for nothing.
	beforeCRS string
}

var _ fs.GlobFS = (*bundle)(nil)

// Open implements fs.FS. Only ReadFile and Glob are of use: the parser calls nothing else.
func (b *bundle) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadFile implements fs.ReadFileFS.
func (b *bundle) ReadFile(name string) ([]byte, error) {
	if at := strings.LastIndexByte(name, '@'); at >= 0 {
		name = name[at:]
	}
	switch name {
	case recommendedConf, moduleRecommended:
		base, err := moduleFile(moduleRecommended)
		if err != nil {
			return nil, err
		}
		more, err := bundled.ReadFile("bundle/body-errors.conf")
		return append(append(base, '\n'), more...), err
	case demoConf:
		return bundled.ReadFile("bundle/demo.conf")
	case crsSetupConf, moduleSetup:
		return moduleFile(moduleSetup)
	case crsSetupDemoConf:
		return bundled.ReadFile("bundle/crs-setup-demo.conf")
	case ftwConf:
		return bundled.ReadFile("bundle/ftw.conf")
	}
	if strings.HasPrefix(name, crsFolder) {
		content, err := moduleFile(name)
		if err != nil || !strings.HasSuffix(name, ".conf") || b.beforeCRS == "" {
			return content, err
		}
		before := b.beforeCRS
		b.beforeCRS = ""
		return append([]byte(before+"\n"), content...), nil
	}
	// The data files of the Core Rule Set serve rules of the configuration, too.
	if strings.HasSuffix(name, ".data") && !strings.ContainsAny(name, "/\\") {
		return moduleFile(crsFolder + name)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// moduleFile reads a file of the Core Rule Set without the directives that have no place here.
func moduleFile(name string) ([]byte, error) {
	content, err := fs.ReadFile(coreruleset.FS, name)
	if err != nil || !strings.HasPrefix(name, moduleRecommended) {
		return content, err
	}
	return []byte(withoutIgnored(string(content))), nil
}

// Glob implements fs.GlobFS. A pattern without a match is an error: the parser would only warn, and a rule set that is
// not there must not go unnoticed.
func (b *bundle) Glob(pattern string) ([]string, error) {
	if at := strings.LastIndexByte(pattern, '@'); at >= 0 {
		pattern = pattern[at:]
	}
	entries, err := fs.ReadDir(coreruleset.FS, strings.TrimSuffix(crsFolder, "/"))
	if err != nil {
		return nil, err
	}
	var names []string // sorted, as ReadDir is: the order in which the rules must be loaded
	for _, entry := range entries {
		name := crsFolder + entry.Name()
		matched, err := path.Match(pattern, name)
		if err != nil {
			return nil, err
		}
		if matched {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no bundled file matches " + pattern)
	}
	return names, nil
}
