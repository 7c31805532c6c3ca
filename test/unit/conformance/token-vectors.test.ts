/** The models of registries accept exactly the tokens that the vectors say they accept. */
import { describe, expect, it } from 'vitest';
import { claimsProblem } from '../../../src/conformance/tokens/claims.ts';
import { REGISTRIES, signatureProblem } from '../../../src/conformance/tokens/registries.ts';
import { readToken } from '../../../src/conformance/tokens/token.ts';
import { isSignedByTrusted } from '../../../src/conformance/tokens/trusted-signature.ts';
import { ISSUER, makeToken, SERVICE } from '../../support/token-vectors.ts';
import { tokenVectors } from '../../support/vectors.ts';

describe.each(tokenVectors)('the token $id ($title)', (vector) => {
  it.each(REGISTRIES)('is accepted or refused by the model of %s as the vector says', async (registry) => {
    const { text, trust } = await makeToken(vector);

    const token = readToken(text);
    if (typeof token === 'string') throw new Error(token);
    const problem =
      signatureProblem(registry, token, trust, Date.now()) ??
      claimsProblem(registry, token, { issuer: ISSUER, service: SERVICE }, Math.floor(Date.now() / 1000));
    expect({ accepted: problem === undefined, problem }).toEqual({
      accepted: vector.accepted[registry],
      problem: vector.accepted[registry] ? undefined : expect.stringMatching(/./),
    });
  });
});

describe('the signature of a token', () => {
  const accepted = tokenVectors.filter((vector) => REGISTRIES.some((registry) => vector.accepted[registry]));

  it.each(accepted)('is of a trusted key where a registry accepts the token $id', async (vector) => {
    const { text, trust } = await makeToken(vector);
    const token = readToken(text);
    if (typeof token === 'string') throw new Error(token);

    expect(isSignedByTrusted(token, trust)).toBe(true);
    expect(isSignedByTrusted(token, { certificates: [], keySet: [] })).toBe(false);
    expect(isSignedByTrusted({ ...token, signature: token.signature.fill(1) }, trust)).toBe(false);
  });
});
