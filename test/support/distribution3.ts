/** distribution 3.1, built from its Go module, because no Debian package has it. */
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** @returns the program, built once and kept in the user's cache or the folder for temporary files. */
export async function buildDistribution3(): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? tmpdir(), 'fairlead-tests');
  const program = join(folder, `distribution-${VERSION}`);
  const isBuilt = await access(program).then(
    () => true,
    () => false,
  );
  if (isBuilt) return program;
  await mkdir(folder, { recursive: true });
  // Two runs may build at once, and a program must not be started before it is whole.
  const draft = await mkdtemp(join(folder, 'build-'));
  try {
    await runOk('nice', ['go', 'install', `github.com/distribution/distribution/v3/cmd/registry@${VERSION}`], {
      env: { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod' },
      timeoutMs: BUILD_TIMEOUT,
    });
    await rename(join(draft, 'registry'), program);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
}

export async function startDistribution3(options: RegistryOptions): Promise<Registry> {
  return startRegistryProgram(await buildDistribution3(), options);
}
