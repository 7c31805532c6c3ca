/** The programs that tests use as real peers, and what happens where one is missing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program and the Debian package (or toolchain) that brings it. */
export interface Part {
  readonly program: string;
  /** The Debian package; absent for toolchains that only add tests (Go, Java). */
  readonly debian?: string;
}

/**
 * Whether a test may run here. A missing Debian package fails on CI, because `.ci/run` installs it; elsewhere
 * the tests that need it are skipped, and the output says so.
 *
 * @returns the program's path, or undefined when it is absent.
 * @throws on CI, when a Debian part is missing.
 */
export function findPart(part: Part): string | undefined {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(folder, part.program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  if (process.env['CI'] === 'true' && part.debian !== undefined) {
    throw new Error(`${part.program} is missing: .ci/run must install the Debian package ${part.debian}`);
  }
  console.warn(
    `absent: ${part.program}${part.debian === undefined ? '' : ` (Debian package ${part.debian})`}; its tests are skipped`,
  );
  return undefined;
}

/**
 * Whether the tests run as root, which this program needs.
 *
 * @throws on CI, which does.
 */
export function hasRoot({ program }: Part): boolean {
  if (process.getuid?.() === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${program} needs root: .ci/run must run as root`);
  console.warn(`absent: root, which ${program} needs; its tests are skipped`);
  return false;
}
