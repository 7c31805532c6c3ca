/** All operations of `/api/v1`. Within this version, only additions are made; see config/api.md. */
import { brokerOperations } from './broker-operations.ts';
import type { AnswerOf, InputOf, RequestOf } from './operation.ts';
import { policyOperations } from './policy-operations.ts';
import { tokenOperations } from './token-operations.ts';

export const operations = { ...brokerOperations, ...policyOperations, ...tokenOperations } as const;

export type OperationId = keyof typeof operations;
export type Input<Id extends OperationId> = InputOf<(typeof operations)[Id]>;
export type ApiRequest<Id extends OperationId> = RequestOf<(typeof operations)[Id]>;
export type Answer<Id extends OperationId> = AnswerOf<(typeof operations)[Id]>;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of an object are its keys
export const OPERATION_IDS = Object.keys(operations) as readonly OperationId[];
