/** `fairlead kubernetes-secret`: what it prints, and what it refuses. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fairlead } from './workspace.ts';
import type { CommandResult } from './workspace.ts';
import { writtenFiles } from '../config/written-files.ts';

const OPTIONS = new Set(['--name', '--namespace', '--signing-key']);

/** Runs it with files in a folder: an argument that is no option, and follows none, is a file. */
async function command(...args: readonly string[]): Promise<CommandResult> {
  await using files = await writtenFiles({
    'ldap-password': 'pässword: "quoted"\n',
    'bad name': 'x',
    empty: '',
    large: Buffer.alloc(1024 * 1024 + 1),
  });
  const isFile = (arg: string, index: number): boolean => !OPTIONS.has(arg) && !OPTIONS.has(args[index - 1] ?? '');
  return await fairlead([
    'kubernetes-secret',
    ...args.map((arg, index) => (isFile(arg, index) ? files.path(arg) : arg)),
  ]);
}

describe('fairlead kubernetes-secret', () => {
  it('prints a Secret with the bytes of the files and a signing key with its certificate', async () => {
    const { code, stdout, stderr } = await command(
      'ldap-password',
      '--name',
      'broker',
      '--namespace',
      'registry',
      '--signing-key',
      'token',
    );

    const { data, ...secret } = parse(stdout) as { readonly data: Readonly<Record<string, string>> };
    const bytes = (name: string): Buffer => Buffer.from(data[name] ?? '', 'base64');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(secret).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'broker', namespace: 'registry' },
      type: 'Opaque',
    });
    expect(bytes('ldap-password').toString()).toBe('pässword: "quoted"\n');
    const certificate = new X509Certificate(bytes('token.crt'));
    expect(certificate.checkPrivateKey(createPrivateKey(bytes('token.pem')))).toBe(true);
  });

  it.each([
    ['no file', [], /expected the files for the Secret, or --signing-key/],
    ['a file that is missing', ['nowhere'], /nowhere/],
    ['a name that no Secret takes', ['bad name'], /"bad name" is not a key of a Secret/],
    ['an empty file', ['empty'], /empty is empty; expected a file with a secret/],
    ['a file larger than a Secret', ['large'], /large has 1048577 bytes, expected 1048576 at most/],
    ['the same name twice', ['ldap-password', './ldap-password'], /two files are named ldap-password/],
    [
      'a name of the Secret that Kubernetes refuses',
      ['ldap-password', '--name', 'A: b'],
      /--name: "A: b" is not a name/,
    ],
  ])('prints nothing and exits 2 given %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await command(...args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
