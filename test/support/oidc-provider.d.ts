/** The part of oidc-provider that tests use; the package brings no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  import type { TLSSocket } from 'node:tls';

  export interface ProviderClient {
    readonly clientId: string;
  }

  export interface ProviderContext {
    readonly path: string;
    readonly method: string;
    readonly status: number;
    readonly req: IncomingMessage;
    /** Without these where it does not speak TLS. */
    readonly socket: Partial<Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>>;
    body: unknown;
    readonly oidc: {
      readonly client: ProviderClient;
      readonly params: Readonly<Record<string, string | undefined>>;
      entity(name: string, value: unknown): void;
    };
  }

  interface SavedModel {
    save(): Promise<string>;
  }

  interface GrantModel extends SavedModel {
    addOIDCScope(scope: string): void;
  }

  interface IdTokenModel {
    scope: string;
    issue(options: { readonly use: 'idtoken' }): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    readonly Grant: new (source: Readonly<Record<string, unknown>>) => GrantModel;
    readonly AccessToken: new (source: Readonly<Record<string, unknown>>) => SavedModel;
    readonly RefreshToken: new (source: Readonly<Record<string, unknown>>) => SavedModel;
    readonly IdToken: new (
      claims: Readonly<Record<string, unknown>>,
      options: { readonly ctx: ProviderContext },
    ) => IdTokenModel;
    use(middleware: (ctx: ProviderContext, next: () => Promise<void>) => Promise<void>): void;
    registerGrantType(
      name: string,
      handler: (ctx: ProviderContext) => Promise<void>,
      parameters: readonly string[],
      repeatable: readonly string[],
    ): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    /** What a person has to do at the provider before the browser goes on. */
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: Readonly<Record<string, unknown>>; readonly grantId?: string }>;
    /** Sends the browser on with what the person did. */
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
      options: { readonly mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }

  export const errors: { readonly InvalidGrant: new (detail: string) => Error };
}
