/** docker_auth and distribution's autoredirect use `/auth` and `/auth/token`. A redirect would drop credentials. */
export const TOKEN_PATHS = ['/token', '/token/', '/auth', '/auth/', '/auth/token', '/auth/token/'];

/** The API for operators, on the admin listener and on the control socket. */
export const API_ROOT = '/api/v1';
