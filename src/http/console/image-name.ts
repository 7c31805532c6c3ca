/** What people type or paste where a page asks for a repository: its name, or the whole name of an image. */

interface TypedRepository {
  readonly repository: string;
  /** The service whose name the text begins with. */
  readonly service?: string;
}

/** `:TAG` and `@DIGEST` at the end (OCI Distribution Specification 1.1, pulling manifests). */
const TAG_OR_DIGEST = /(?::\w[\w.-]{0,127})?(?:@[a-z0-9]{1,20}:[0-9a-fA-F]{32,128})?$/;

/**
 * @param text `web/shop`, or `registry.example.com/web/shop:1` as in a command of docker
 * @param services the names of the configured services
 */
export function readImageName(text: string, services: readonly string[]): TypedRepository {
  const typed = text.trim();
  const service = services.find((name) => typed.startsWith(`${name}/`));
  const path = service === undefined ? typed : typed.slice(service.length + 1);
  const repository = path.replace(TAG_OR_DIGEST, '');
  return service === undefined ? { repository } : { repository, service };
}
