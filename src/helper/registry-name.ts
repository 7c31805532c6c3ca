/** The name of a registry as clients look up its credentials: `host` or `host:port`. */
import { HelperError } from './host.ts';

/** A host name or address, and a port. */
const REGISTRY = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;
const MAX_LENGTH = 255 + ':65535'.length;

/**
 * @param text as a client sends it: docker a name or a URL (`https://index.docker.io/v1/`), podman also a name with a path
 * @returns undefined when the text names no registry
 */
export function registryName(text: string): string | undefined {
  const name = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .toLowerCase();
  return name.length <= MAX_LENGTH && REGISTRY.test(name) ? name : undefined;
}

/** @throws HelperError when an argument of a command names no registry */
export function requireRegistry(text: string | undefined): string {
  if (text === undefined) throw new HelperError('name the registry, such as registry.example.com');
  const name = registryName(text);
  if (name === undefined) throw new HelperError(`"${text}" is not a registry; expected HOST or HOST:PORT`);
  return name;
}
