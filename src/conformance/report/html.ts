/** The report as one page without scripts, for a browser and an archive. */
import { failures } from '../result.ts';
import type { Report, Result } from '../result.ts';
import { escapeMarkup } from './escape.ts';

const STYLE = `body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #d8dee4}
code{font:13px ui-monospace,monospace}.fail{background:#ffebe9}.pass td:first-child{color:#116329}.fail td:first-child{color:#82071e;font-weight:600}
.skip,.blocked{color:#59636e}small{color:#59636e;display:block}.fail small{color:#1b1f24}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td{border-color:#30363d}.fail{background:#3c1618}
.pass td:first-child{color:#3fb950}.fail td:first-child{color:#ff7b72}.skip,.blocked,small{color:#9198a1}.fail small{color:#e6edf3}}`;

const WORDS = { pass: 'ok', fail: 'failed', skip: 'does not apply', blocked: 'blocked' } as const;

export function htmlReport(report: Report): string {
  const name = escapeMarkup(report.name || report.url);
  const { must, should, may } = failures(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Conformance of ${name}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Conformance of ${name}</h1>
<p><code>${escapeMarkup(report.url)}</code>, ${escapeMarkup(report.time)}: failed are ${must} must, ${should} should and ${may} may.</p>
<table>
<thead><tr><th>result</th><th>level</th><th>check</th></tr></thead>
<tbody>
${report.results.map(row).join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

function row({ check, outcome, text }: Result): string {
  const found = text === '' ? '' : `<small>${escapeMarkup(text)}</small>`;
  const why =
    outcome === 'fail'
      ? `<small>breaks: ${escapeMarkup(check.breaks)}</small><small>source: ${escapeMarkup(check.source)}</small>`
      : '';
  return (
    `<tr class="${outcome}" id="${escapeMarkup(check.id)}"><td>${WORDS[outcome]}</td><td>${check.level}</td>` +
    `<td><code>${escapeMarkup(check.id)}</code> ${escapeMarkup(check.title)}${found}${why}</td></tr>`
  );
}
