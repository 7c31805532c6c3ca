/** What the helper prints of texts that registries and servers choose. */
import { expect, it } from 'vitest';
import { remark } from '../../../src/helper/host.ts';

it.each([
  ['a line that looks like one of the helper', 'refused:\nSigned in to registry.example.com as alice.'],
  ['a sequence that the terminal obeys', 'refused:\u001b[2Jgone'],
  ['a line separator', 'refused:\u2028Signed in.'],
  ['a change of the direction of the text', 'refused:\u202emoc.elpmaxe'],
])('%s from a server stays in the line of its message, without an effect', (_what, text) => {
  let stderr = '';

  remark({ stderr: (part) => void (stderr += part) }, text);

  expect(stderr).toMatch(/^refused: [ -~]+\n$/);
});

it('letters of every language are printed as they are', () => {
  let stderr = '';

  remark({ stderr: (part) => void (stderr += part) }, 'a login of José\tМария at 登录.example is stored');

  expect(stderr).toBe('a login of José\tМария at 登录.example is stored\n');
});
