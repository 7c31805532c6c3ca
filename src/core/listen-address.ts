/** The largest number of a TCP port. */
export const MAX_PORT = 65_535;

/** Where a listener is bound: a host and port, or the path of a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly socket: string };
