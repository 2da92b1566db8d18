/** What a run says of itself in `run.json`, and whether a fleet and a target are those of the run. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { asIoError, RollbackError } from '../errors.ts';
import { readSmallFile } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Fleet, FleetTarget } from './fleet-types.ts';

/** The name of the document in the run's directory. */
export const RUN_FILE = 'run.json';

const node = z.strictObject({
  name: z.string(),
  home: z.nullable(z.string()),
  src: z.array(z.string()),
});

const target = z.record(z.string(), z.string());

/** The shape of `run.json`. */
export const runSchema = z.strictObject({
  format: z.literal('litt-rollback/run'),
  version: z.literal(1),
  /** A random id. */
  id: z.string(),
  /** RFC 3339. */
  createdAt: z.string(),
  fleet: z.strictObject({ path: z.string(), digest: z.string() }),
  target,
  nodes: z.array(node),
  /** Whether an apply of the run has passed its gate: what has nothing to do since then is left alone. */
  settled: z.boolean(),
  /** Whether the run was taken back: then nothing is applied any more. */
  over: z.boolean(),
});

/** A run, as its directory tells it. */
export type RunDocument = z.infer<typeof runSchema>;

/** The nodes of a fleet, as a run notes them. */
export function runNodesOf(fleet: Fleet): RunDocument['nodes'] {
  return fleet.nodes.map(({ name, home, src }) => ({ name, home, src: [...src] }));
}

/** A target in words: `height 1027`. */
export function targetWords(given: FleetTarget | RunDocument['target']): string {
  const [[name, value] = ['', '']] = Object.entries(given);
  return `${name} ${value}`;
}

/**
 * Refuses a fleet or a target that is not the run's.
 * @param given null where the command line and the fleet file leave the target to the run
 * @throws RollbackError ERR_RUN
 */
export function refuseOtherRun(run: RunDocument, dir: string, fleet: Fleet, given: FleetTarget | null): void {
  const differences = [...nodeDifferences(run, fleet), ...targetDifferences(run, given)];
  if (differences.length === 0) return;
  throw new RollbackError(
    'ERR_RUN',
    {
      what: `The run was made for something else: ${differences.slice(0, 10).join('; ')}`,
      why: 'What it says of nodes holds for its own fleet and target alone. Nothing was changed',
      next: 'Give this batch a directory of its own with --run DIR',
    },
    { path: dir },
  );
}

function targetDifferences(run: RunDocument, given: FleetTarget | null): string[] {
  if (given === null || targetWords(given) === targetWords(run.target)) return [];
  return [`the target was ${targetWords(run.target)}, and is ${targetWords(given)}`];
}

function nodeDifferences(run: RunDocument, fleet: Fleet): string[] {
  const then = new Map(run.nodes.map((n) => [n.name, placeOf(n)]));
  const now = new Map(runNodesOf(fleet).map((n) => [n.name, placeOf(n)]));
  const gone = [...then.keys()].filter((name) => !now.has(name)).map((name) => `node ${name} is gone`);
  const changed = [...now].flatMap(([name, place]) => {
    const old = then.get(name);
    if (old === undefined) return [`node ${name} is new`];
    return old === place ? [] : [`node ${name} was at ${old}, and is at ${place}`];
  });
  if (gone.length + changed.length > 0 || run.fleet.digest === fleet.digest) return [...gone, ...changed];
  return ['the fleet file has other options or labels'];
}

const placeOf = ({ home, src }: RunDocument['nodes'][number]): string => home ?? src.join(', ');

/** A fleet of ten thousand nodes fits (bytes). */
const MAX_BYTES = 64 * 1024 * 1024;

/** The document of the run in a directory; null where there is none. @throws RollbackError ERR_RUN when it is damaged, ERR_IO */
export function readRun(fs: DurableFs, dir: string): RunDocument | null {
  const file = join(dir, RUN_FILE);
  try {
    if (lstatOrNull(fs, file) === null) return null;
    const { data, error } = runSchema.safeParse(readJson(fs, file));
    if (data !== undefined) return data;
    throw damagedError(file, error);
  } catch (error) {
    if (error instanceof SyntaxError) throw damagedError(file, error);
    throw asIoError(error, file, 'read the run');
  }
}

/** A file of a run as data. @throws SyntaxError; RollbackError as readSmallFile; raw errors of the file system */
export function readJson(fs: DurableFs, path: string): unknown {
  return JSON.parse(readSmallFile(fs, path, MAX_BYTES, 'ERR_RUN').toString('utf8'));
}

function damagedError(path: string, cause: unknown): RollbackError {
  return new RollbackError(
    'ERR_RUN',
    {
      what: 'The document of the run is damaged',
      why: 'It tells for which fleet and target the run was made. What was done to the nodes they tell themselves',
      next: 'Look at the nodes with `litt-rollback batch status FLEET`, and begin another run with --run DIR',
    },
    { path },
    cause,
  );
}
