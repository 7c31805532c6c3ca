/** distribution 3.1, built from its Go module, because no Debian package has it. */
import { join } from 'node:path';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk } from './process.ts';
import { startRegistryProgram } from './registry.ts';
import type { Registry, RegistryOptions } from './registry.ts';

const VERSION = 'v3.1.1';
const GO: Part = { program: 'go' };
/** Milliseconds: a cold build on two busy cores. */
export const BUILD_TIMEOUT = 400_000;

export function canBuildDistribution3(): boolean {
  return findPart(GO) !== undefined;
}

/** @returns the program. */
export function buildDistribution3(): Promise<string> {
  return madeOnce(`distribution-${VERSION}`, async (draft) => {
    await runOk('nice', ['go', 'install', `github.com/distribution/distribution/v3/cmd/registry@${VERSION}`], {
      env: { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' },
      timeoutMs: BUILD_TIMEOUT,
    });
    return join(draft, 'registry');
  });
}

export async function startDistribution3(options: RegistryOptions): Promise<Registry> {
  return startRegistryProgram(await buildDistribution3(), options);
}
