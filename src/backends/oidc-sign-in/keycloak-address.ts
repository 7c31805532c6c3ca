/** @returns the address of the Admin REST API of a realm; undefined when the text is not the issuer of a realm */
export function adminUrlOf(issuer: string): string | undefined {
  const [, server, realm] = /^(.*)\/realms\/([^/]+)\/?$/.exec(issuer) ?? [];
  return server === undefined || realm === undefined ? undefined : `${server}/admin/realms/${realm}`;
}
