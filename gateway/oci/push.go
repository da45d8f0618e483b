package oci

import (
	"context"
	"errors"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Pushed is an image under one reference.
type Pushed struct {
	Reference string // complete: registry/repository:tag
	Digest    string // of the manifest, sha256:…
	// Former is the digest that the tag named before, "" if there was none. Equal to Digest, nothing was sent.
	Former string
}

// Pinned is the reference by digest: registry/repository@sha256:….
func (p Pushed) Pinned() string {
	ref, err := name.ParseReference(p.Reference)
	if err != nil {
		return p.Reference + "@" + p.Digest
	}
	return ref.Context().Digest(p.Digest).String()
}

// Progress is told how many bytes of how many are done. It is called by one goroutine at a time.
type Progress func(done, total int64)

// Push uploads an image under each of the references, which must be tags, and returns what was done until the first
// error. Layers that the registry has are not sent again, nor is anything if a tag names the same image already.
func (c *Client) Push(ctx context.Context, img v1.Image, references []string, progress Progress) ([]Pushed, error) {
	tags, err := c.tags(references, "pushed", "to")
	if err != nil {
		return nil, err
	}
	var done []Pushed
	for _, tag := range tags {
		p, err := c.pushTag(ctx, img, tag, progress)
		if err != nil {
			return done, err
		}
		done = append(done, *p)
	}
	return done, nil
}

func (c *Client) pushTag(ctx context.Context, img v1.Image, tag name.Tag, progress Progress) (*Pushed, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	p := &Pushed{Reference: tag.String(), Digest: digest.String()}
	err = c.withLogin(ctx, tag, func(_ *guard, options []remote.Option) error {
		p.Former = ""
		var answered *transport.Error
		head, err := remote.Head(tag, options...)
		if err != nil && !errors.As(err, &answered) {
			return err // there is nobody; a registry that dislikes HEAD gives its reason below
		}
		if err == nil {
			p.Former = head.Digest.String()
		}
		if p.Former == p.Digest {
			return nil
		}
		stop := func() {}
		if progress != nil {
			options, stop = watched(options, progress)
		}
		defer stop()
		return remote.Write(tag, img, options...)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// watched adds the option to watch an upload. stop waits until progress is not called any more.
func watched(options []remote.Option, progress Progress) (_ []remote.Option, stop func()) {
	updates, ended := make(chan v1.Update, 16), make(chan struct{})
	go func() {
		defer close(ended)
		for u := range updates {
			if u.Error == nil {
				progress(u.Complete, u.Total)
			}
		}
	}()
	// remote.Write closes the channel.
	return append(options[:len(options):len(options)], remote.WithProgress(updates)), func() { <-ended }
}
