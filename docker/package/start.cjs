#!/usr/bin/env node
// The commands `fairlead` and `docker-credential-fairlead` of an installed package: the build copies this file under both
// names. Its syntax is that of old versions of Node.js, so that they print the message below instead of a syntax error.
'use strict';

var REQUIRED = [24, 7];

var name = require('path').basename(__filename, '.cjs');
var found = process.versions.node.split('.').map(Number);
if (found[0] < REQUIRED[0] || (found[0] === REQUIRED[0] && found[1] < REQUIRED[1])) {
  process.stderr.write(
    name + ': needs Node ' + REQUIRED.join('.') + ' or newer, and this is ' + process.version + '\n',
  );
  process.exitCode = 2;
} else if (name === 'docker-credential-fairlead') {
  require('./helper.cjs');
} else {
  require('./compile-cache.cjs');
  require('./main.cjs');
}
