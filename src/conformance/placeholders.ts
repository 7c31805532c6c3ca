/** Fills vectors with the names of the server under test. */
import { ensureDescribed } from './check.ts';
import { escapeQuery } from './exchange/encode.ts';
import { passwordText } from './secrets.ts';
import { refreshTokenOf } from './checks/refresh.ts';
import type { Server } from './server.ts';

type Value = (server: Server) => string | Promise<string>;

const VALUES: Readonly<Record<string, Value>> = {
  service: ({ description }) => description.service,
  user: ({ user }) => user.name,
  password: ({ user }) => passwordText(user),
  repository: ({ repositories }) => repositories.writable,
  second: ({ repositories }) => repositories.second(),
  readable: ({ repositories }) => repositories.readable(),
  denied: ({ repositories }) => repositories.denied(),
  denied_in_upper_case: ({ repositories }) => repositories.denied().toUpperCase(),
  anonymous: ({ repositories }) => repositories.anonymous(),
  refresh_token: refreshTokenOf,
  path: ({ url }) => url.pathname,
  host: ({ url }) => url.host,
};

/** The names that vectors may use in braces. */
export const PLACEHOLDERS: readonly string[] = Object.keys(VALUES);

/**
 * Replaces `{name}` by a value, and `{repeat:N:TEXT}` by N times the text.
 *
 * @throws NotDescribed when the server file does not have what a placeholder names
 */
export async function fill(template: string, server: Server, encoding: 'go' | 'none'): Promise<string> {
  const whole = template.replaceAll(/\{repeat:(\d{1,6}):([^{}]{1,80})\}/g, (_all, count: string, part: string) =>
    part.repeat(Number(count)),
  );
  let text = '';
  // Names of placeholders are at the odd places.
  for (const [index, part] of whole.split(/\{([a-z_]+)\}/).entries()) {
    if (index % 2 === 0) text += part;
    else {
      const value = await valueOf(part, server);
      text += encoding === 'go' ? escapeQuery(value) : value;
    }
  }
  return text;
}

function valueOf(name: string, server: Server): string | Promise<string> {
  const value = VALUES[name];
  if (value === undefined) throw new Error(`the vectors name an unknown placeholder {${name}}`);
  return value(server);
}

type Need = 'post' | 'refresh-tokens' | 'anonymous' | 'catalog' | 'no-catalog' | 'second' | 'readable' | 'denied';

/** @throws NotDescribed when the server file says that the server does not have it */
export function requireNeeds(needs: readonly Need[], { description, repositories, user }: Server): void {
  for (const need of needs) {
    switch (need) {
      case 'post':
        ensureDescribed(description.supports.post, 'supports.post: false');
        break;
      case 'refresh-tokens':
        ensureDescribed(description.supports.refreshTokens, 'supports.refreshTokens: false');
        break;
      case 'catalog':
        ensureDescribed(user.catalog, 'catalog: false');
        break;
      case 'no-catalog':
        ensureDescribed(!user.catalog, 'catalog: true');
        break;
      case 'anonymous':
        repositories.anonymous();
        break;
      case 'second':
        repositories.second();
        break;
      case 'readable':
        repositories.readable();
        break;
      case 'denied':
        repositories.denied();
        break;
    }
  }
}
