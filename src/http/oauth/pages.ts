/** The pages for logins of programs, in the smallest form. */
import type { Page } from '../console/pages.ts';

export interface DeviceCodeView {
  readonly code?: string;
  readonly problem?: string;
}

export interface DeviceRequestView {
  readonly code: string;
  readonly program: string;
  readonly from: string;
  readonly isSameNetwork: boolean;
  readonly service: string;
  readonly days: number;
}

export interface ConsentView {
  readonly program: string;
  readonly service: string;
  readonly days: number;
  /** Values of the request, which the form sends back. */
  readonly fields: Readonly<Record<string, string>>;
}

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
const document = (title: string, content: string, head = ''): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8">${head}<title>${escape(title)}</title><h1>${escape(title)}</h1>${content}`;
const WARNING =
  '<p>Did somebody send you this link or code? Then it is not your device: say no, and close this page.</p>';

export function deviceCodePage({ base }: Page, { code = '', problem = '' }: DeviceCodeView): string {
  return document(
    'Sign in a device',
    `<p>${escape(problem)}</p><form method="post" action="${escape(base)}/device"><input name="code" value="${escape(code)}"><button>Continue</button></form>${WARNING}`,
  );
}

export function deviceConfirmPage({ base }: Page, view: DeviceRequestView): string {
  const { code, program, from, isSameNetwork, service, days } = view;
  const where = isSameNetwork ? '' : ' (not where you are)';
  return document(
    'Sign in a device?',
    `<p>${escape(code)}: ${escape(program)} from ${escape(from)}${where} wants to use ${escape(service)} for ${days} days.</p>${WARNING}
    <form method="post" action="${escape(base)}/device/answer"><input type="hidden" name="code" value="${escape(code)}">
    <button name="answer" value="no">No, it is not mine</button><button name="answer" value="yes">Yes, it is mine</button></form>`,
  );
}

export function deviceDonePage(_page: Page, outcome: 'approved' | 'denied'): string {
  return document(outcome === 'approved' ? 'The device is signed in' : 'Nothing was signed in', '');
}

export function consentPage({ base, person }: Page, { program, service, days, fields }: ConsentView): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return document(
    `Sign in ${program}?`,
    `<p>It wants to use ${escape(service)} as ${escape(person?.username ?? '')} for ${days} days.</p>
    <form method="post" action="${escape(base)}/authorize">${hidden.join('')}
    <button name="answer" value="no">No</button><button name="answer" value="yes">Continue</button></form>`,
  );
}

export function consentDonePage(_page: Page, next: string): string {
  return backPage('Signed in', next);
}

export function consentDeniedPage(_page: Page, next: string): string {
  return backPage('Nothing was signed in', next);
}

function backPage(title: string, next: string): string {
  const refresh = `<meta http-equiv="refresh" content="0; url=${escape(next)}">`;
  return document(title, `<p><a href="${escape(next)}">Go back to the program now</a></p>`, refresh);
}
