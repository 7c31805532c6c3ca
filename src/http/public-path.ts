/** Serves the endpoints of clients below the path of `publicUrl` as well, for a proxy that does not remove the path. */
import type { Request } from 'express';

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * Removes the path from the URL of a request for one of the endpoints. The pages for operators are not below it.
 *
 * @param publicPath such as `/registry-auth`; empty: the URL stays as it is
 * @param folders paths below which everything is an endpoint
 */
export function removePublicPath(
  publicPath: string,
  endpoints: readonly string[],
  folders: readonly string[] = [],
): (request: Request) => void {
  const served = new Set(endpoints);
  const isServed = (path: string): boolean =>
    served.has(path) || folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  return (request) => {
    // A proxy may send the whole URL (RFC 9112, section 3.2.2).
    const target = request.url.replace(ORIGIN, '');
    const below = target.startsWith(`${publicPath}/`) ? target.slice(publicPath.length) : undefined;
    if (below !== undefined && isServed(below.replace(/[?#].*$/s, ''))) request.url = below;
  };
}
