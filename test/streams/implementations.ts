/**
 * The stages over each implementation of streams that they run on: the package that through2 brings along, as the
 * library has it, and node's own, as the built command has it.
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import * as stages from '../../streams/apply-sink.ts';
import * as filter from '../../streams/filter-records.ts';
import * as pipeline from '../../streams/pipeline.ts';
import * as detector from '../../streams/pivot-detector.ts';
import * as sink from '../../streams/plan-sink.ts';
import * as batch from '../../streams/record-batch.ts';
import * as reader from '../../streams/reverse-records.ts';
import * as source from '../../streams/segment-source.ts';
import { BUILD_ALIAS } from '../helpers/build-alias.ts';
import { tempDir } from '../helpers/temp.ts';

const STREAMS = fileURLToPath(new URL('../../streams/', import.meta.url));

const OF_THE_LIBRARY = {
  ...stages,
  ...filter,
  ...pipeline,
  ...detector,
  ...sink,
  ...batch,
  ...reader,
  ...source,
};

/** Every stage, and what wires them. */
export type Stages = typeof OF_THE_LIBRARY;

/** What is not of the streams stays the one module that it is: an error of the program is one everywhere. */
const libraryApart: Plugin = {
  name: 'library apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/lib\// }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
  },
};

/** The stages as the built command has them. */
async function asBuilt(): Promise<Stages> {
  const files = ['apply-sink', 'filter-records', 'pipeline', 'pivot-detector', 'plan-sink', 'record-batch'];
  const exported = [...files, 'reverse-records', 'segment-source'];
  const outfile = join(tempDir(), 'streams.mjs');
  await build({
    stdin: {
      contents: exported.map((file) => `export * from './${file}.ts';`).join('\n'),
      resolveDir: STREAMS,
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    alias: BUILD_ALIAS,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [libraryApart],
  });
  return (await import(pathToFileURL(outfile).href)) as Stages;
}

const IMPLEMENTATIONS: Readonly<Record<string, Stages>> = {
  'readable-stream': OF_THE_LIBRARY,
  'node:stream, as it ships': await asBuilt(),
};

/** Groups tests that run over each implementation. */
export function describeStages(title: string, tests: (stages: Stages) => void): void {
  for (const [name, of] of Object.entries(IMPLEMENTATIONS))
    describe(`${title}, over ${name}`, () => tests(of));
}
