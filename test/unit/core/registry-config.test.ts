import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registryBlock } from '../../../src/core/registry-config.ts';
import type { RegistryBlock, RegistryFacts, RegistryKind } from '../../../src/core/registry-config.ts';

const FACTS: RegistryFacts = {
  realm: 'https://auth.example.com/token',
  service: 'registry.example.com',
  issuer: 'fairlead',
  algorithm: 'ES256',
  header: 'x5c',
  certificateFile: '/keys/default.crt',
  jwksUrl: 'https://auth.example.com/.well-known/jwks.json',
};

function block(kind: RegistryKind, facts: Partial<RegistryFacts> = {}): RegistryBlock {
  const made = registryBlock(kind, { ...FACTS, ...facts });
  if (typeof made === 'string') throw new Error(made);
  return made;
}

describe('the block of a broker with trustDir', () => {
  const trust = { keySetFile: '/trust/jwks.json', bundleFile: '/trust/certificates.pem' };
  const certificateFile = '/trust/default.crt';
  const next = { algorithm: 'ES256', certificateFile: '/trust/next.crt' } as const;

  it.each(['distribution-2', 'distribution-3'] as const)(
    'names the same bundle with one key and with several: %s',
    (kind) => {
      const one = block(kind, { trust, certificateFile });

      expect(one.text).toContain('rootcertbundle: "/trust/certificates.pem"');
      expect(block(kind, { trust, certificateFile, announced: [next] }).text).toBe(one.text);
    },
  );

  it('names single certificates where a key is among the others that the service must not trust', () => {
    const facts = { certificateFile, trust: { ...trust, bundleFile: undefined } };

    expect(block('distribution-2', facts).text).toContain('rootcertbundle: "/trust/default.crt"');
    expect(block('distribution-2', { ...facts, announced: [next] }).notes[0]).toContain(
      'cat /trust/default.crt /trust/next.crt >',
    );
  });

  it('names no bundle with an Ed25519 key for distribution 2, which would not start', () => {
    const facts = { trust, certificateFile, announced: [{ ...next, algorithm: 'EdDSA' }] } as const;

    expect(block('distribution-2', facts).text).toContain('rootcertbundle: "/trust/default.crt"');
    expect(block('distribution-3', facts).text).toContain('rootcertbundle: "/trust/certificates.pem"');
  });

  it('names the key set in the folder for distribution 3 and key ids', () => {
    expect(block('distribution-3', { trust, header: 'kid' }).text).toContain('jwks: "/trust/jwks.json"');
  });

  it('names the certificate of one key for zot, which checks no audience', () => {
    expect(block('zot', { trust, certificateFile }).text).toContain('"cert": "/trust/default.crt"');
  });
});

describe('the block for distribution', () => {
  it.each(['distribution-2', 'distribution-3'] as const)('trusts certificates when tokens carry one: %s', (kind) => {
    const { text, notes } = block(kind);

    expect(text).toBe(`auth:
  token:
    realm: "https://auth.example.com/token"
    service: "registry.example.com"
    issuer: "fairlead"
    rootcertbundle: "/keys/default.crt"
`);
    expect(notes).toEqual([expect.stringMatching(/^\/keys\/default\.crt .*copy/), expect.stringMatching(/restart/)]);
  });

  it.each(['kid', 'kid-rfc7638'] as const)('distribution 3 trusts the key set when tokens carry %s', (header) => {
    const { text, notes } = block('distribution-3', { header, certificateFile: undefined });

    expect(parse(text)).toEqual({
      auth: {
        token: {
          realm: FACTS.realm,
          service: FACTS.service,
          issuer: FACTS.issuer,
          jwks: '/etc/distribution/fairlead.jwks.json',
        },
      },
    });
    expect(notes[0]).toContain(`curl -o /etc/distribution/fairlead.jwks.json ${FACTS.jwksUrl}`);
  });

  it('quotes values that YAML would read as something else', () => {
    const facts = { service: 'Docker "registry": #1', issuer: 'no', certificateFile: '/a b/ü.crt' };

    expect(parse(block('distribution-2', facts).text)).toEqual({
      auth: {
        token: {
          realm: FACTS.realm,
          service: facts.service,
          issuer: facts.issuer,
          rootcertbundle: facts.certificateFile,
        },
      },
    });
  });

  it.each([
    ['distribution-2', 'cat /keys/default.crt /keys/rsa.crt > /etc/distribution/fairlead.crt'],
    ['distribution-3', 'cat /keys/default.crt /keys/rsa.crt /keys/ed.crt > /etc/distribution/fairlead.crt'],
  ] as const)('trusts other keys before they sign, as far as it can read them: %s', (kind, command) => {
    const { text, notes } = block(kind, {
      announced: [
        { algorithm: 'RS256', certificateFile: '/keys/rsa.crt' },
        { algorithm: 'EdDSA', certificateFile: '/keys/ed.crt' },
        { algorithm: 'ES256', certificateFile: undefined },
      ],
    });

    expect(text).toContain('rootcertbundle: "/etc/distribution/fairlead.crt"');
    expect(notes[0]).toContain(command);
  });
});

describe('the block for zot', () => {
  it('is a document that jq can merge, accepts docker, and turns off deduplication', () => {
    expect(JSON.parse(block('zot').text)).toEqual({
      storage: { dedupe: false },
      http: {
        compat: ['docker2s2'],
        auth: { bearer: { realm: FACTS.realm, service: FACTS.service, cert: '/keys/default.crt' } },
      },
    });
  });

  it('says how to merge it, why deduplication is off, and that the certificate has to be copied', () => {
    const notes = block('zot').notes.join('\n');

    expect(notes).toContain("jq -s '.[0] * .[1]'");
    expect(notes).toMatch(/gives a blob of any repository to every client that knows its digest/);
    expect(notes).toMatch(/^\/keys\/default\.crt .*copy/m);
  });

  it('asks for a signing key of its own only where the key signs for other services', () => {
    const asksForKey = (isKeyShared: boolean): boolean =>
      block('zot', { isKeyShared }).notes.join().includes('signingKey');

    expect([asksForKey(true), asksForKey(false)]).toEqual([true, false]);
  });

  it.each(['x5c', 'kid', 'kid-rfc7638'] as const)('is the same with the header %s, which zot ignores', (header) => {
    expect(block('zot', { header })).toEqual(block('zot'));
  });
});

describe('there is no block', () => {
  it.each([
    ['distribution-2', { algorithm: 'EdDSA' }, /cannot read Ed25519 keys.*ES256 or RS256/],
    ['distribution-2', { header: 'kid-rfc7638' }, /RFC 7638.*set key\.header of the service to x5c or kid/],
    ['distribution-2', { header: 'kid', certificateFile: undefined }, /by certificate only; give the key a certFile/],
    ['distribution-3', { certificateFile: undefined }, /give the key a certFile/],
    ['zot', { certificateFile: undefined }, /give the key a certFile/],
  ] as const)('for %s with %o, and the sentence says what to do', (kind, facts, sentence) => {
    expect(registryBlock(kind, { ...FACTS, ...facts })).toMatch(sentence);
  });
});

describe('the block for a key that an authority certifies', () => {
  it.each(['distribution-2', 'distribution-3'] as const)('names the certificate of the authority: %s', (kind) => {
    const facts = { isCertified: true, certificateFile: '/keys/default@ca.crt' };

    expect(block(kind, facts).text).toContain('rootcertbundle: "/keys/default@ca.crt"');
  });

  it('does not exist for zot, which trusts one key', () => {
    expect(registryBlock('zot', { ...FACTS, isCertified: true })).toMatch(/^zot trusts one key, and no authority; /);
  });
});
