// Starts an OpenID provider on a free port of 127.0.0.1, and prints the port. It is the application's own development
// mode: any login and password will do.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const provider = new Provider(process.env.ISSUER, {
  clients: [{
    client_id: 'shop-web',
    client_secret: 's3cr3t',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
    redirect_uris: [`${process.env.GATEWAY}/oauth2/callback`],
    post_logout_redirect_uris: [`${process.env.GATEWAY}/static/bye`],
  }],
  cookies: { keys: ['test'] },
  // Shorter than the time ahead of which the plugin refreshes: every request with an old session needs new tokens.
  ttl: { AccessToken: 5, IdToken: 5 },
  // A refresh token that comes twice ends the session (RFC 9700, section 4.14.2).
  rotateRefreshToken: true,
});
provider.proxy = true;

const server = createServer(provider.callback());
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
