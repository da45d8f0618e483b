package envoy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// get fetches an admin endpoint.
func (p *Process) get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.admin+path, nil)
	if err != nil {
		return "", err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("admin endpoint %s: %s", path, response.Status)
	}
	return string(body), err
}

// stats returns the statistics whose names match an expression; texts are without their quotes.
func (p *Process) stats(ctx context.Context, filter string) (map[string]string, error) {
	text, err := p.get(ctx, "/stats?filter="+url.QueryEscape(filter))
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
		if name, value, ok := strings.Cut(scanner.Text(), ": "); ok {
			values[name] = strings.Trim(value, `"`)
		}
	}
	return values, nil
}

// listenerAddress returns the address of an active listener, "" if there is none of that name.
func (p *Process) listenerAddress(ctx context.Context, name string) (string, error) {
	text, err := p.get(ctx, "/listeners?format=json")
	if err != nil {
		return "", err
	}
	var answer struct {
		Statuses []struct {
			Name    string `json:"name"`
			Address struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return "", fmt.Errorf("admin endpoint /listeners: %w", err)
	}
	for _, s := range answer.Statuses {
		if s.Name == name {
			return net.JoinHostPort(s.Address.Socket.Address, strconv.Itoa(s.Address.Socket.Port)), nil
		}
	}
	return "", nil
}
