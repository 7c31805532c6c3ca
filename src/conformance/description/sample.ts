/** What `--sample` prints: a server file to fill in. */
export const SAMPLE = `# The token server under test. The paths are relative to this file.
version: 1
name: my token server 1.0

# As in auth.token of the registry's configuration.
service: registry.example.com
issuer: my-issuer
trust:
  bundle: token.crt             # PEM, as rootcertbundle
  # jwks: jwks.json             # a file or URL, as jwks of distribution 3

# The registries that must accept the tokens:
# distribution-2.8, distribution-3.0, distribution-3.1, zot
registries: [distribution-2.8, distribution-3.1]

# ca: ca.crt                    # of the server's TLS certificate, if it is a private one

users:
  # Logs in. Make test accounts: some checks send requests that attackers send.
  - name: alice
    password: { env: ALICE_PASSWORD }     # or { file: alice.password }
    rights:                     # what the server grants, by repository
      team/app: [pull, push]
      team/lib: [pull, push]    # a second one, to mount layers across repositories
      public/app: [pull]        # optional: pull only
      private/app: []           # optional: nothing
    catalog: false              # whether registry:catalog:* is granted
  # Optional: wrong passwords are tried for the last user, who may be locked by it.
  # - name: bob
  #   password: { env: BOB_PASSWORD }
  #   rights: {}

# What requests without credentials get: deny, or rights.
anonymous:
  rights:
    public/app: [pull]

supports:
  post: true                    # POST with the OAuth form
  refreshTokens: false
  # cors: https://ui.example.com          # an origin whose pages may read answers
`;
