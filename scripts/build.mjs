// Builds dist/: the library with its types (tsc), and the command as one bundled file (esbuild).
// The command is one CommonJS file because loading some hundred small modules costs more than planning does, and
// node begins one script sooner than the same as ECMAScript modules.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const bin = new URL('../dist/bin/', import.meta.url);
/**
 * Packages that the command replaces. through2 brings a copy of node's own streams along; the command uses the
 * original, which is loaded already. Tests of the streams run over both.
 */
export const ALIAS = { 'readable-stream': 'node:stream' };

async function buildAll() {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/litt-rollback.ts'],
    outdir: 'dist/bin',
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    alias: ALIAS,
    // For coverage, and for debugging the command; node does not read them otherwise.
    sourcemap: 'linked',
    sourcesContent: false,
    // The command may be copied alone: it says its version without package.json.
    define: { 'import.meta.url': 'bundleUrl', BUILT_VERSION: JSON.stringify(version) },
    banner: { js: `${nodeCheck()}\nconst bundleUrl=require('node:url').pathToFileURL(__filename).href;` },
  });
  // The package is one of ECMAScript modules; this folder is not.
  writeFileSync(new URL('package.json', bin), `${JSON.stringify({ type: 'commonjs' })}\n`);
  chmodSync(new URL('litt-rollback.js', bin), 0o755);
}

const [, script] = process.argv;
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) await buildAll();

// The first statement of the command, for a Node that may be too old for every other one: ECMAScript 5 only. Further on
// an old Node would fail in the middle of a rollback.
function nodeCheck() {
  const least = engines.node.replace('>=', '');
  const what = `litt-rollback needs Node ${least} or newer, this is `;
  const next = `Run it with Node ${least} or newer`;
  return (
    `(function(has,needs){if(has[0]>needs[0]||has[0]===needs[0]&&has[1]>=needs[1])return;` +
    `(function(what){process.stderr.write(process.argv.indexOf('--json')<0?` +
    `'litt-rollback: '+what+' [ERR_USAGE]\\n  Next: ${next}.\\n':` +
    `JSON.stringify({message_type:'error',version:1,code:'ERR_USAGE',kind:'usage',exit_code:2,what:what,why:null,` +
    `next:'${next}',place:{}})+'\\n');process.exit(2);})('${what}'+process.version);` +
    `})(process.versions.node.split('.').map(Number),[${least.split('.').join(',')}]);`
  );
}
