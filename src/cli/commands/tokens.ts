/** `fairlead tokens`: makes personal tokens; lists and revokes personal tokens and refresh tokens. */
import { Command, Option } from 'commander';
import { checkLeak } from '../tokens/check-leak.ts';
import { createToken } from '../tokens/create.ts';
import { listTokens } from '../tokens/list.ts';
import { revokeTokens } from '../tokens/revoke.ts';
import type { RevokeOptions } from '../tokens/revoke.ts';
import { collect, createCommand } from '../command.ts';
import type { Run } from '../command.ts';

const WHERE =
  '\nFinds the tokens by the configuration: in records.postgres, or in stateDir, where it must run as the user of the\nbroker.';
const OF_SERVICE = ['--service <name>', 'only refresh tokens for this registry'] as const;

export function tokensCommand(run: Run): Command {
  const command = new Command('tokens')
    .description('Make, list and revoke personal tokens; list and revoke refresh tokens (docker’s identity tokens)')
    .showHelpAfterError('(add --help for the options)');
  command.addCommand(createTokenCommand(run));
  command.addCommand(
    createCommand('list', 'List the valid tokens; the tokens themselves are not stored')
      .option('--user <name>', 'only the tokens of this user')
      .option(...OF_SERVICE)
      .addHelpText('after', WHERE)
      .action(run(listTokens)),
  );
  const revoking = run(revokeTokens);
  command.addCommand(
    createCommand('revoke', 'Revoke tokens: their next use is refused, also by a running broker')
      .argument('[ids...]', 'ids that `fairlead tokens list` prints')
      .option('--user <name>', 'all tokens of this user; the login cache is cleared as well')
      .option('--all', 'all tokens')
      .option(...OF_SERVICE)
      .addHelpText(
        'after',
        `${WHERE}\nRegistry tokens that were already issued stay valid, for at most \`tokens.lifetime\`.`,
      )
      .action((ids: readonly string[], options: Omit<RevokeOptions, 'ids'>) => revoking({ ...options, ids })),
  );
  command.addCommand(
    createCommand('check-leak', 'Revoke the valid tokens in a text on standard input; exit 1 when there is one')
      .addHelpText(
        'after',
        `${WHERE}\nReads any text or file, such as a log or the output of a secret scanner. It never prints a token.`,
      )
      .action(run(checkLeak)),
  );
  return command;
}

function createTokenCommand(run: Run): Command {
  return createCommand('create', 'Make a personal token for a user or a robot and print it once')
    .option('--for <user>', 'the user, as typed at a login; a backend must be able to look the user up')
    .option('--robot <name>', 'a robot of the configuration, in place of --for; needs --by')
    .option('--by <user>', 'with --robot: the user who creates the token; must own the robot now')
    .option('--backend <name>', 'the backend of the user; default: the first one that knows the name')
    .option('--name <name>', 'what the token is for, for lists and logs', 'token')
    .option(
      '--limit <limit>',
      'what it may do: "SERVICE PATTERN[,PATTERN] ACTION[,ACTION]" (repeatable); default: all the user may do',
      collect,
    )
    .option('--no-registries', 'it may do nothing at any registry, for a token of the API')
    .addOption(new Option('--api <access>', 'what it may do at the API').choices(['read', 'admin']))
    .option('--expires <duration>', 'how long it is valid, such as 30d; default: personalTokens.lifetime')
    .option('--from <network>', 'a client address or CIDR that may use it (repeatable); default: all', collect)
    .addHelpText('after', `${WHERE} Standard output has the token alone, for \`docker login --password-stdin\`.`)
    .action(run(createToken));
}
