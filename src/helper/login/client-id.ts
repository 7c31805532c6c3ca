/** The name of this client at the sign-in server. It is public, and no secret belongs to it (RFC 8252, section 8.5). */
export const CLIENT_ID = 'docker-credential-fairlead';
