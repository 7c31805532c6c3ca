/**
 * `npm run package`: builds the Debian package, with a Node.js of its own, and the package for npm, into
 * `build/packages`. The bundle must be there (`npm run build`). It needs dpkg-deb and strip.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { version } from '../../src/platform/version.ts';

const run = promisify(execFile);
const compress = promisify(gzip);

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGES = join(ROOT, 'build/packages');
const STAGE = join(ROOT, 'build/deb');
const LIB = '/usr/lib/fairlead';
const COMMAND = `${LIB}/fairlead`;
const HELPER = 'docker-credential-fairlead';
/** One executable is both programs, by the name that it is started under: Node.js is most of its size. */
const START = `
const { basename } = require('node:path');
const name = basename(process.argv0) === '${HELPER}' ? '${HELPER}' : 'fairlead';
require('node:module').createRequire('${LIB}/dist/')('./' + name + '.cjs');
`;

/** Names of processors at Debian, by their names at Node.js. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

const architecture = ARCHITECTURES[process.arch];
if (architecture === undefined) throw new Error(`there is no package for ${process.arch}; expected x64 or arm64`);

await rm(STAGE, { recursive: true, force: true });
await rm(PACKAGES, { recursive: true, force: true });
await mkdir(PACKAGES, { recursive: true });
await writeProgram();
await writeReferences();
await writeConfiguration();
await writeControl(architecture);
const deb = join(PACKAGES, `fairlead_${version()}_${architecture}.deb`);
await run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', STAGE, deb]);
await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', PACKAGES], { cwd: ROOT });
for (const name of await readdir(PACKAGES)) process.stdout.write(`wrote build/packages/${name}\n`);

/** The bundle, the native library that it loads, and an executable of Node.js that starts it. */
async function writeProgram(): Promise<void> {
  await copyTree('dist', `${LIB}/dist`);
  await copy('package.json', `${LIB}/package.json`);
  for (const name of ['bcrypt', 'node-gyp-build']) {
    await copy(`node_modules/${name}/package.json`, `${LIB}/node_modules/${name}/package.json`);
    for (const file of await readdir(join(ROOT, 'node_modules', name))) {
      if (file.endsWith('.js')) await copy(`node_modules/${name}/${file}`, `${LIB}/node_modules/${name}/${file}`);
    }
  }
  const prebuilds = `node_modules/bcrypt/prebuilds/linux-${process.arch}`;
  await copyTree(prebuilds, `${LIB}/${prebuilds}`);

  const main = join(ROOT, 'build/start.cjs');
  await writeFile(main, START);
  // Symbols are a fifth of the executable. They are removed before the program is added: `strip` would damage it.
  const executable = join(ROOT, 'build/node');
  await run('strip', ['--strip-unneeded', '-o', executable, process.execPath]);
  const settings = join(ROOT, 'build/sea.json');
  await writeFile(
    settings,
    JSON.stringify({ main, executable, output: staged(COMMAND), disableExperimentalSEAWarning: true }),
  );
  await run(process.execPath, ['--build-sea', settings]);
  await chmod(staged(COMMAND), 0o755);
  await mkdir(staged('/usr/bin'), { recursive: true });
  for (const name of ['fairlead', HELPER])
    await symlink(`..${COMMAND.slice('/usr'.length)}`, staged(`/usr/bin/${name}`));
}

/** The manual, completions, documentation and the list of components. */
async function writeReferences(): Promise<void> {
  await write('/usr/share/man/man1/fairlead.1.gz', await compress(await printed('man')));
  await write('/usr/share/bash-completion/completions/fairlead', await printed('completion', 'bash'));
  await write('/usr/share/zsh/vendor-completions/_fairlead', await printed('completion', 'zsh'));
  await write('/usr/share/fish/vendor_completions.d/fairlead.fish', await printed('completion', 'fish'));
  const documents = '/usr/share/doc/fairlead';
  await copy('README.md', `${documents}/README.md`);
  await copy('SECURITY.md', `${documents}/SECURITY.md`);
  await copyTree('config', `${documents}/config`);
  await write(`${documents}/changelog.gz`, await compress(await readFile(join(ROOT, 'CHANGELOG.md'))));
  const licence = await readFile(join(ROOT, 'LICENSE'), 'utf8');
  const others = await readFile(join(ROOT, 'dist/THIRD-PARTY.txt'), 'utf8');
  await write(`${documents}/copyright`, `${licence}\n${'='.repeat(80)}\n\n${others}`);
  const { stdout } = await run('npm', ['sbom', '--omit=dev', '--sbom-format=cyclonedx'], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });
  await write(`${documents}/sbom.cdx.json`, stdout);
}

async function writeConfiguration(): Promise<void> {
  await copyTree('docker/package/etc', '/etc/fairlead');
  for (const name of ['fairlead.service', 'fairlead@.service']) await writeUnit(name);
}

/** A unit of docker/systemd, for the command of the package. */
async function writeUnit(name: string): Promise<void> {
  const unit = await readFile(join(ROOT, 'docker/systemd', name), 'utf8');
  const started = /^ExecStart=\S+ \S+ (serve.*)$/m;
  if (!started.test(unit)) throw new Error(`docker/systemd/${name}: expected a line ExecStart=… serve`);
  const edited = name.replace('.service', '');
  await write(
    `/usr/lib/systemd/system/${name}`,
    unit
      .replace(/^# .*\n/, `# Installed by the package fairlead; change it by systemctl edit ${edited}.\n`)
      .replace(
        started,
        'ExecStart=/usr/bin/fairlead $1\nCacheDirectory=fairlead\nEnvironment=XDG_CACHE_HOME=/var/cache',
      ),
  );
}

async function writeControl(target: string): Promise<void> {
  const fields = [
    'Package: fairlead',
    `Version: ${version()}`,
    `Architecture: ${target}`,
    'Section: net',
    'Priority: optional',
    'Maintainer: The Fairlead authors <fairlead@localhost>',
    'Depends: adduser, libatomic1, libc6 (>= 2.28), libgcc-s1, libstdc++6',
    'Description: Token service for container registries',
    ' Verifies the credentials of docker login against directories, OpenID providers,',
    ' files and the tokens of CI systems, decides by one policy file, and issues the',
    ' tokens that container registries trust.',
    '',
  ];
  await write('/DEBIAN/control', fields.join('\n'));
  await write('/DEBIAN/conffiles', '/etc/fairlead/broker.yaml\n/etc/fairlead/policy.yaml\n');
  for (const name of ['postinst', 'prerm', 'postrm']) {
    await copy(`docker/package/debian/${name}`, `/DEBIAN/${name}`);
    await chmod(staged(`/DEBIAN/${name}`), 0o755);
  }
}

async function printed(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [join(ROOT, 'dist/fairlead.cjs'), ...args]);
  return stdout;
}

function staged(path: string): string {
  return join(STAGE, path);
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(staged(path)), { recursive: true });
  await writeFile(staged(path), content, { mode: 0o644 });
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(staged(to)), { recursive: true });
  await copyFile(join(ROOT, from), staged(to));
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(dirname(staged(to)), { recursive: true });
  await cp(join(ROOT, from), staged(to), { recursive: true });
}
