package main

// kind is a sort of provider.
type kind string

const (
	oidc   kind = "oidc"
	aliyun kind = "aliyun"
	github kind = "github"
)

func parseKind(r *reader) kind {
	text := r.text("provider", string(oidc))
	switch k := kind(text); k {
	case oidc, aliyun, github:
		return k
	}
	r.fault("could not create provider data: unknown provider type: " + text)
	return oidc
}

// scope is what is asked for unless the configuration says otherwise.
func (k kind) scope() string {
	switch k {
	case aliyun:
		return "openid"
	case github:
		return "user:email read:org"
	}
	return "openid email profile"
}

// endpoints are where a provider without discovery is found.
func (k kind) endpoints() endpoints {
	switch k {
	case aliyun:
		return endpoints{login: "https://signin.aliyun.com/oauth2/v1/auth?access_type=offline", token: "https://oauth.aliyun.com/v1/token"}
	case github:
		return endpoints{login: "https://github.com/login/oauth/authorize", token: "https://github.com/login/oauth/access_token"}
	}
	return endpoints{}
}

// refreshes tells whether the provider gives refresh tokens.
func (k kind) refreshes() bool { return k != github }

// aliyunIssuer is the issuer of aliyun's ID tokens, unless oidc_issuer_url says otherwise.
const aliyunIssuer = "https://oauth.aliyun.com"
