/**
 * Where a person types the code of a program without a browser, and allows its login. Attackers send people codes of their
 * own, so the page says who asks, from where and for what, and a code is never in a link.
 */
import type { Request, Response } from 'express';
import { showUserCode } from '../../core/device-request.ts';
import { BrokerError } from '../../core/errors.ts';
import type { PendingRequest } from '../../flows/device/answer.ts';
import { deviceCodePage, deviceConfirmPage, deviceDonePage } from '../../pages/device.ts';
import { contextOf } from '../context.ts';
import type { ConsoleArea, ConsoleTools } from '../console/deps.ts';
import { readForm, singleValue } from '../form.ts';
import { requireRecentSignIn } from '../console/recent-sign-in.ts';
import { respondPage } from '../console/respond-page.ts';
import { signedInOf } from '../console/session.ts';
import type { DeviceRoutesDeps, OAuthDeps } from './deps.ts';

const PATH = '/device';
/** Seconds since the sign-in: whoever is called away does not leave a browser in which a code is enough. */
const MAX_SIGN_IN_AGE = 300;
/** The answer may take a few minutes longer: the text is there to be read. */
const MAX_ANSWER_AGE = 600;
const DAY = 24 * 3600;

type DevicePageDeps = Pick<OAuthDeps, 'services' | 'clock'> &
  Pick<ConsoleTools, 'base' | 'pageFor'> & { readonly device: DeviceRoutesDeps };

export function deviceArea(
  { services, clock }: Pick<OAuthDeps, 'services' | 'clock'>,
  device: DeviceRoutesDeps,
): ConsoleArea {
  return {
    folders: [PATH],
    addRoutes(router, { base, requireSession, pageFor }) {
      const deps: DevicePageDeps = { services, clock, device, base, pageFor };
      const recent = requireRecentSignIn(deps, MAX_SIGN_IN_AGE, PATH);
      const recentEnough = requireRecentSignIn(deps, MAX_ANSWER_AGE, PATH);
      router.get(PATH, requireSession, recent, (_request, response) =>
        respondPage(response, 200, deviceCodePage(deps.pageFor(response), {})),
      );
      router.post(PATH, requireSession, recent, (request, response) => showRequest(deps, request, response));
      router.post(`${PATH}/answer`, requireSession, recentEnough, (request, response) =>
        answerRequest(deps, request, response),
      );
    },
  };
}

async function showRequest(deps: DevicePageDeps, request: Request, response: Response): Promise<void> {
  const typed = singleValue(await readForm(request, response), 'code') ?? '';
  const found = await find(deps, typed, response);
  if (found === undefined) return showProblem(deps, response, typed);
  const { userCode, record, isSameNetwork } = found;
  const view = {
    code: showUserCode(userCode),
    program: record.clientId,
    from: record.client,
    isSameNetwork: isSameNetwork || deps.device.sameNetwork === 'off',
    service: record.service,
    days: Math.floor((deps.services.get(record.service)?.refreshTokens?.absolute ?? 0) / DAY),
  };
  return respondPage(response, 200, deviceConfirmPage(deps.pageFor(response), view));
}

async function answerRequest(deps: DevicePageDeps, request: Request, response: Response): Promise<void> {
  const fields = await readForm(request, response);
  const typed = singleValue(fields, 'code') ?? '';
  const found = await find(deps, typed, response);
  if (found === undefined) return showProblem(deps, response, typed);
  // Everything but a yes is a no.
  const answer = singleValue(fields, 'answer') === 'yes' ? 'approved' : 'denied';
  const wasWaiting = await deps.device.answer.answer(found, answer, signedInOf(response), contextOf(response));
  if (!wasWaiting) return showProblem(deps, response, typed);
  return respondPage(response, 200, deviceDonePage(deps.pageFor(response), answer));
}

async function find(deps: DevicePageDeps, typed: string, response: Response): Promise<PendingRequest | undefined> {
  const found = await deps.device.answer.find(typed, signedInOf(response), contextOf(response));
  if (found?.isSameNetwork === false && deps.device.sameNetwork === 'require')
    throw new BrokerError('helper_refused', `the program is at ${found.record.client}, in another network`);
  return found;
}

function showProblem(deps: DevicePageDeps, response: Response, typed: string): void {
  const problem = 'No program waits with this code. Compare it with the one in your terminal, or begin again there.';
  respondPage(response, 400, deviceCodePage(deps.pageFor(response), { code: typed.slice(0, 16), problem }));
}
