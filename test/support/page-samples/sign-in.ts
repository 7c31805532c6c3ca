/** The pages of a sign-in, of a program that asks for a login, and of errors. */
import {
  consentDeniedPage,
  consentDonePage,
  consentPage,
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
} from '../../../src/pages/device.ts';
import { errorPage, signedOutPage, signInPage } from '../../../src/pages/sign-in.ts';
import { loopbackUrl } from '../../../src/pages/template/url.ts';
import type { Samples, Text, Viewers } from './sample.ts';

export function signInSamples({ visitor, user }: Viewers, text: Text): Samples {
  return {
    'sign-in': () =>
      signInPage(visitor, {
        providers: [{ name: 'sso', label: text('Example Corp') }],
        hasForm: true,
        to: '/console/tokens',
      }),
    'sign-in-failed': () =>
      signInPage(visitor, {
        providers: [],
        hasForm: true,
        username: text('alice'),
        problem: 'Wrong user name or password.',
        reason: 'To create a token, sign in again: your sign-in is older than an hour.',
        to: '/console/tokens/new',
      }),
    'sign-in-impossible': () => signInPage(visitor, { providers: [], hasForm: false, to: '/console/access' }),
    'signed-out-without-logout': () =>
      signedOutPage(visitor, { provider: { name: 'sso', label: text('Example Corp') }, hasNoLogout: true }),
    'signed-out': () => signedOutPage(visitor, { provider: { name: 'sso', label: text('Example Corp') } }),
    error: () =>
      errorPage(user, {
        title: 'This page does not exist',
        advice: 'Check the address, or go on from the console.',
        next: 'console',
      }),
    'error-visitor': () =>
      errorPage(visitor, {
        title: 'The directory does not answer',
        advice: 'Try again in a minute.',
        next: 'sign-in',
      }),
    device: () => deviceCodePage(user, { code: text('BDWP-HQPQ'), problem: 'This code is not known.' }),
    'device-confirm': () =>
      deviceConfirmPage(user, {
        code: 'BDWP-HQPK',
        program: text('docker-credential-fairlead 1.4'),
        from: '203.0.113.9',
        isSameNetwork: false,
        service: 'registry.example.com',
        days: 30,
      }),
    'device-approved': () => deviceDonePage(user, 'approved'),
    'device-denied': () => deviceDonePage(user, 'denied'),
    consent: () =>
      consentPage(user, {
        program: text('docker-credential-fairlead'),
        service: 'registry.example.com',
        days: 30,
        fields: { request: text('a1b2c3') },
      }),
    'consent-done': () => consentDonePage(user, loopbackUrl('http://127.0.0.1:41234/callback?code=abc&state=def')),
    'consent-denied': () => consentDeniedPage(user, loopbackUrl('http://127.0.0.1:40404/callback?error=access_denied')),
  };
}
