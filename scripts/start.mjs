/**
 * What `npm start`, `npm run dev` and `npm test` run. It may use Node's own modules only, because in a fresh clone
 * nothing else is there yet: it installs the packages and then hands over to the TypeScript entry.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isTest = process.argv.includes('--test');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Riskdesk needs Node 20.19 or newer; this is ${process.versions.node}.`);

/** What runs on our behalf, first npm and then the TypeScript entry: it gets our signals, and we end when it has ended. */
let child;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
process.once('disconnect', () => stop('SIGTERM'));
watchNpm();

process.chdir(root);
if (!isTest && !process.env.RISKDESK_NO_ENV_FILES) loadEnvFiles();
if (!installed()) {
  if (!isTest) await refuseBusyPort();
  await install();
}
handOver();

function fail(line) {
  console.error(line);
  process.exit(1);
}

function stop(signal) {
  stopping = true;
  if (child) child.kill(signal);
  else process.exit(1);
}

/**
 * npm passes signals on to us (`exec` in package.json leaves no shell in between that would keep them), but it cannot when
 * it is killed outright; then we have another parent.
 */
function watchNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop('SIGTERM'), 1000).unref();
}

/** Next reads these files too; here they decide already whether a database is configured. The first value wins. */
function loadEnvFiles() {
  for (const name of ['.env.local', '.env']) {
    if (existsSync(name)) process.loadEnvFile(name);
  }
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/** npm writes down what it installed when it has finished; that must be what the lockfile asks for. */
function installed() {
  const wanted = readLock('package-lock.json');
  const present = readLock(join('node_modules', '.package-lock.json'));
  if (!wanted) fail('package-lock.json is missing or unreadable: the clone is not complete.');
  if (!present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link) return true;
    const found = present[path];
    if (found) return found.version === entry.version && existsSync(path);
    return Boolean(entry.optional || entry.devOptional || (entry.dev && !isTest));
  });
}

/** Asked before the minute that an installation takes; the supervisor asks again, after it has looked for orphans. */
async function refuseBusyPort() {
  const port = Number(process.env.PORT || 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail('PORT must be a whole number from 1 to 65535.');
  const busy = await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error) => resolve(error.code === 'EADDRINUSE'));
    probe.listen(port, () => probe.close(() => resolve(false)));
  });
  if (busy) fail(`Port ${port} is in use by another program; choose another one: PORT=${port + 1} npm start`);
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli && basename(cli) === 'npm-cli.js' ? [process.execPath, [cli]] : ['npm', []];
}

/** Asked first, because npm fills a disk in minutes and then reports success. */
function refuseFullDisk() {
  const MiB = 1024 * 1024;
  const { bavail, bsize } = statfsSync(root);
  const free = Math.floor((bavail * bsize) / MiB);
  if (free < 1100 && !existsSync('node_modules')) fail(`The disk of ${root} is nearly full: ${free} MB are free and 1100 MB are needed for the packages.`);
}

async function install() {
  refuseFullDisk();
  console.log('Installing packages …');
  const started = Date.now();
  const [command, prefix] = npmCommand();
  // Release ages count where versions are chosen; here the lockfile has them, and a wrong clock must not stop the start.
  const args = [...prefix, 'ci', '--include=dev', '--min-release-age=0', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1', '--fetch-retry-mintimeout=3000'];
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const beat = setInterval(() => console.log(`  still installing (${seconds()} s)`), 15_000);
  const { code, output } = await run(command, args);
  clearInterval(beat);
  if (stopping) process.exit(1);
  if (code !== 0) fail(`The packages could not be installed: ${installFailure(output)}`);
  if (!installed()) fail('The packages could not be installed: npm left some of them out, as it does on a full disk.');
  console.log(`  packages installed in ${seconds()} s`);
}

function run(command, args) {
  return new Promise((resolve) => {
    child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ code: 1, output: `${output}\n${error.message}` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function installFailure(output) {
  const reasons = [
    [/EUSAGE/, 'package.json and package-lock.json do not agree; run npm install once and commit the lockfile.'],
    [/ENOSPC/, 'the disk is full.'],
    [/EROFS/, 'the disk is read-only.'],
    [/ENOTEMPTY/, 'another npm is at work in node_modules; try again when it has finished.'],
    [/EACCES|EPERM/, `no permission to write in ${root}.`],
    [/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i, 'the package registry cannot be reached; check the network and try again.'],
    [/spawn npm ENOENT/, 'npm was not found.'],
  ];
  const known = reasons.find(([pattern]) => pattern.test(output));
  if (known) return known[1];
  const line = output.split('\n').map((text) => text.trim()).filter((text) => text && !/complete log/.test(text))[0];
  return line ?? 'npm ci failed without a message.';
}

/**
 * Server modules begin with `import 'server-only'`, which plain Node resolves only under this condition. The channel
 * tells the supervisor when this process is gone, even by SIGKILL.
 */
function handOver() {
  const entry = join('scripts', isTest ? 'test.ts' : 'start.ts');
  const flags = ['--conditions=react-server', '--import', 'tsx', entry];
  const rest = process.argv.slice(2).filter((argument) => argument !== '--test');
  child = spawn(process.execPath, [...flags, ...rest], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  child.once('error', (error) => fail(`Riskdesk could not start: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
