/** Faults in keys that something else renews, and in the files that deploy several brokers. */
import type { Fault } from './fault.ts';

export const faults: readonly Fault[] = [
  {
    id: 'fleet-1',
    effect: 'a key by any authority of the same name signs, and every registry refuses its tokens',
    file: 'src/platform/signing/ca-file.ts',
    find: ' && certificate.verify(candidate.publicKey)',
    replace: '',
    tests: ['test/unit/platform/signing/ca-file.test.ts'],
  },
  {
    id: 'fleet-2',
    effect: 'tokens outlive the certificate of the authority that is in caFile',
    file: 'src/platform/signing/ca-file.ts',
    find: '[...path.chain, path.authority]',
    replace: 'path.chain',
    tests: ['test/unit/platform/signing/ca-file.test.ts'],
  },
  {
    id: 'fleet-3',
    effect: 'registries are given the certificate of a short-lived key, and refuse the next key',
    file: 'src/platform/signing/keyset.ts',
    find: 'return { ...key, ...loaded, isCertified: config.caFile !== undefined };',
    replace: 'return { ...key, isCertified: config.caFile !== undefined };',
    tests: ['test/unit/platform/signing/ca-file.test.ts'],
  },
  {
    id: 'fleet-4',
    effect: 'a new authority in caFile is not noticed until the next key',
    file: 'src/platform/signing/key-files.ts',
    find: '    ...(config.caFile === undefined ? [] : [config.caFile.path]),\n    ...(config.authority',
    replace: '    ...(config.authority',
    tests: ['test/unit/platform/signing/ca-file.test.ts'],
  },
  {
    id: 'fleet-5',
    effect: 'keygen --replace overwrites the key of an authority that every registry trusts',
    file: 'src/cli/commands/keygen.ts',
    find: 'if (replaces && leafOf === undefined) throw',
    replace: 'if (replaces && leafOf === null) throw',
    tests: ['test/unit/cli/keys.test.ts'],
  },
  {
    id: 'fleet-6',
    effect: 'the renewal of a signing key may fail for days without an alert',
    file: 'src/app/signing-in-force.ts',
    find: 'return Math.floor(end - (end - begin) * LAST_PART);',
    replace: 'return end;',
    tests: ['test/unit/app/signing-in-force.test.ts'],
  },
];
