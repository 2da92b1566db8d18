// Builds dist/: the library with its types (tsc), and the command as one bundled file (esbuild).
// The command is bundled because loading some hundred small modules costs more than planning does.
import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });

const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });

await build({
  absWorkingDir: root,
  entryPoints: ['scripts/litt-rollback.ts'],
  outdir: 'dist/bin',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  // through2 brings a copy of node's own streams along; the command uses the original, which is loaded already.
  alias: { 'readable-stream': 'node:stream' },
  chunkNames: 'chunk-[hash]',
  // For coverage, and for whoever debugs the command; node does not read them otherwise.
  sourcemap: 'linked',
  sourcesContent: false,
  // CommonJS dependencies call require() for node's own modules.
  banner: {
    js: "import{createRequire as _cr}from'node:module';const require=_cr(import.meta.url);",
  },
});
chmodSync(new URL('../dist/bin/litt-rollback.js', import.meta.url), 0o755);
