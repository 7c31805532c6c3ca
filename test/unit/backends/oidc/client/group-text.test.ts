/** A claim of groups that is one text. */
import { describe, expect, it } from 'vitest';
import { groupsInText } from '../../../../../src/backends/oidc/client/group-text.ts';

describe('a claim of groups that is a text', () => {
  it.each(['team-web', '/teams/web', 'team.web', 'DOMAIN\\team', 'team_web@corp.example', 'équipe'])(
    'is one group when it is %s',
    (text) => {
      expect(groupsInText(text, undefined)).toEqual([text]);
    },
  );

  it('is no group when it is empty', () => {
    expect(groupsInText('', undefined)).toEqual([]);
  });

  it.each<[string, string]>([
    ['team-web,team-api', 'comma-separated'],
    ['team-web, team-api', 'comma-separated'],
    ['["team-web","team-api"]', 'json'],
    ['["team-web"]', 'json'],
    ['[]', 'json'],
    ['team-web team-api', 'space-separated'],
    ['team-web\tteam-api', 'space-separated'],
    ['team-web\nteam-api', 'space-separated'],
    ['team-web\u00A0team-api', 'space-separated'],
    ['team-web;team-api', 'space-separated'],
    ['team-web|team-api', 'space-separated'],
    ['team-web，team-api', 'space-separated'],
    ['[team-web]', 'space-separated'],
    ['{"team-web":true}', 'space-separated'],
    ['"team-web"', 'space-separated'],
    ['CN=team-web,OU=groups', 'comma-separated'],
  ])('is never one group when it is %j, and the refusal says what to set', (text, guess) => {
    expect(groupsInText(text, undefined)).toMatch(
      new RegExp(`^is the text .* which looks like a list: .* claims\\.groupText to ${guess} if .* to single if`, 's'),
    );
  });

  it.each([
    ['single', 'Domain Users', ['Domain Users']],
    ['single', '["a"]', ['["a"]']],
    ['comma-separated', 'a, b c,,d', ['a', 'b c', 'd']],
    ['space-separated', ' a  b\tc ', ['a', 'b', 'c']],
    ['json', '["a","b c"]', ['a', 'b c']],
    ['json', '[]', []],
  ] as const)('is read as the configuration says, %s: %s', (as, text, groups) => {
    expect(groupsInText(text, as)).toEqual(groups);
  });

  it.each(['a,b', '{"a":1}', '"a"', '["a"', ''])('is refused as JSON when it is %j', (text) => {
    expect(groupsInText(text, 'json')).toContain('expected a list in JSON, as claims.groupText says');
  });
});
