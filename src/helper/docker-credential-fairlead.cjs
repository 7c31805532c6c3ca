#!/usr/bin/env node
// The program `docker-credential-fairlead` of an installed package. Its syntax is that of old versions of Node.js, so that
// they print the message below instead of a syntax error.
'use strict';

var REQUIRED = [24, 7];

var found = process.versions.node.split('.').map(Number);
if (found[0] < REQUIRED[0] || (found[0] === REQUIRED[0] && found[1] < REQUIRED[1])) {
  process.stderr.write(
    'docker-credential-fairlead: needs Node ' + REQUIRED.join('.') + ' or newer, and this is ' + process.version + '\n',
  );
  process.exitCode = 2;
} else {
  require('./helper.cjs');
}
