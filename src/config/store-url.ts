/** The address of a Valkey or Redis server. */
import { withoutBrackets } from '../core/address.ts';

const MAX_DATABASE = 65_535;

/** @returns the address, or what is wrong with the text */
export function parseStoreUrl(text: string, defaultPort: number) {
  const url = URL.parse(text);
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
    return 'expected a URL such as rediss://valkey.example.com:6379';
  }
  if (url.username !== '' || url.password !== '')
    return 'expected username and passwordFile instead of a user in the URL';
  if (url.search !== '' || url.hash !== '') return 'expected a URL without parameters';
  const [, database = '0'] = /^\/(\d{1,5})$/.exec(url.pathname) ?? [];
  if (!['', '/', `/${database}`].includes(url.pathname) || Number(database) > MAX_DATABASE) {
    return 'expected a database number as the path, such as rediss://valkey.example.com:6379/2';
  }
  return {
    host: withoutBrackets(url.hostname),
    port: url.port === '' ? defaultPort : Number(url.port),
    isTls: url.protocol === 'rediss:',
    database: Number(database),
  };
}
