/** docker_auth and distribution's autoredirect use `/auth` and `/auth/token`. A redirect would drop credentials. */
export const TOKEN_PATHS = ['/token', '/token/', '/auth', '/auth/', '/auth/token', '/auth/token/'];
