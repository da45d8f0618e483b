package stream

// Route returns the stream's route, computing it when there is none cached; nil when nothing matches. Once response
// headers are being encoded it is no longer computed. Route, cluster and virtual host are noted in Info.
func (s *Stream) Route() *Route {
	if s.routed || s.routeFrozen() || s.request.headers == nil || s.cfg.Route == nil {
		return s.route
	}
	s.routed = true
	s.route = s.cfg.Route(s.request.headers, s.info)
	noted := Route{}
	if s.route != nil {
		noted = *s.route
	}
	s.info.RouteName, s.info.ClusterName, s.info.VirtualHost = noted.Name, noted.Cluster, noted.VirtualHost
	return s.route
}

// ClearRouteCache forgets the route unless response headers are being encoded. What Info noted stays until the route is
// computed again.
func (s *Stream) ClearRouteCache() {
	if s.routeFrozen() {
		return
	}
	s.route, s.routed = nil, false
}

func (s *Stream) routeFrozen() bool { return s.response.headers != nil }
