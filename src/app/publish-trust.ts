/** What registries need to verify tokens, in the folder that the configuration names for it. */
import type { Log } from '../core/ports.ts';
import type { Keyset } from '../platform/signing/keyset.ts';
import { writeTrustFiles } from '../platform/signing/trust-files.ts';

/** @throws Error that names the folder when it cannot be written */
export async function publishTrust(keyset: Keyset, trustDir: string | undefined, log: Log): Promise<void> {
  if (trustDir === undefined) return;
  const files = await writeTrustFiles(keyset, trustDir);
  if (files.length > 0) log.info('trust files written: a running registry reads them after its restart', { files });
}
