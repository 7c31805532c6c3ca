/** Reads the documents that an issuer publishes: its metadata and its keys. */
import { isObject } from '../../core/is-object.ts';
import type { Connection } from '../http-client/connection.ts';
import { networkDetail } from '../http-client/network-detail.ts';
import type { Claims } from './claim-path.ts';

/**
 * @param authorization the value of that header; undefined: none is sent
 * @throws Error that names the URL and says what is wrong with the answer
 */
export async function fetchJson(
  connection: Connection,
  url: string,
  signal: AbortSignal,
  authorization?: string,
): Promise<Claims> {
  const headers = { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  try {
    const answer = await connection.fetchUntil(signal)(url, { method: 'GET', headers });
    if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}${redirectHint(answer.status)}`);
    return parseObject(await answer.text(), url);
  } catch (error) {
    if (signal.aborted) throw new Error(`${url} did not answer in time`, { cause: error });
    if (error instanceof TypeError) throw new Error(`${url}: ${networkDetail(error)}`, { cause: error });
    throw error;
  }
}

function redirectHint(status: number): string {
  return status >= 300 && status < 400 ? ': redirects are not followed; set the URL that answers' : '';
}

/**
 * @param where for the message: a URL or a path
 * @throws Error when the text is not a JSON object
 */
export function parseObject(text: string, where: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isObject(value)) throw new Error(`${where}: expected a JSON object`);
  return value;
}
