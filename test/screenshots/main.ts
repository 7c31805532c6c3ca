/** `npm run screenshots`: writes the pictures of the console in `config/pictures`. It needs Chromium. */
import { resolve } from 'node:path';
import { takeScreenshots } from '../support/screenshots.ts';

const folder = resolve(import.meta.dirname, '../../config/pictures');
for (const path of await takeScreenshots(folder)) process.stdout.write(`wrote ${path}\n`);
