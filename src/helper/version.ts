/** The version of this build, from package.json. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

export function version(): string {
  // The file is at another depth below the package when the code is bundled.
  const path = findPackageJSON('.', import.meta.url);
  const description: unknown = path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'));
  const hasVersion = typeof description === 'object' && description !== null && 'version' in description;
  return hasVersion ? String(description.version) : 'unknown';
}
