// Builds dist/: the library with its types (tsc), and the command as one bundled file (esbuild).
// The command is one CommonJS file because loading some hundred small modules costs more than planning does, and
// node begins one script sooner than the same as ECMAScript modules.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const bin = new URL('../dist/bin/', import.meta.url);
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
  // through2 brings a copy of node's own streams along; the command uses the original, which is loaded already.
  alias: { 'readable-stream': 'node:stream' },
  // For coverage, and for whoever debugs the command; node does not read them otherwise.
  sourcemap: 'linked',
  sourcesContent: false,
  // The command may be copied alone: it says its version without package.json.
  define: { 'import.meta.url': 'bundleUrl', BUILT_VERSION: JSON.stringify(version) },
  banner: { js: "const bundleUrl=require('node:url').pathToFileURL(__filename).href;" },
});
// The package is one of ECMAScript modules; this folder is not.
writeFileSync(new URL('package.json', bin), `${JSON.stringify({ type: 'commonjs' })}\n`);
chmodSync(new URL('litt-rollback.js', bin), 0o755);
