/**
 * The directory of a run: `run.json`, `plans/NAME.json`, `events.jsonl`, `summary.json`, and a claim that names the
 * process which works with it. It says what is wanted and what was told; what was done the nodes say themselves.
 */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ioError, RollbackError } from '../errors.ts';
import type { Call } from '../journal/claim.ts';
import { isTemporaryName, writeFileDurably } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { databaseAround } from '../store/output-file.ts';
import { lstatOrNull } from '../store/roots.ts';
import type { Fleet, FleetTarget } from './fleet-types.ts';
import { RUN_FILE, type RunDocument, readJson, readRun, refuseOtherRun, runNodesOf } from './run-document.ts';
import { RunEvents } from './run-events.ts';

const PLANS_DIR = 'plans';
const EVENTS_FILE = 'events.jsonl';
const SUMMARY_FILE = 'summary.json';

/** Files of a run are for the operator, who may be another user than the node's. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** Where a run lies unless `--run` says otherwise: `fleet.run` beside `fleet.yaml`. */
export function defaultRunDir(fleetPath: string): string {
  return `${fleetPath.replace(/\.(ya?ml|json)$/i, '')}.run`;
}

/** A run that this process has claimed. */
export class RunDirectory {
  readonly path: string;
  readonly #fs: DurableFs;
  #document: RunDocument;
  readonly #events: RunEvents;

  private constructor(
    fs: DurableFs,
    path: string,
    document: RunDocument,
    readonly isClaimed: boolean,
  ) {
    this.#fs = fs;
    this.path = path;
    this.#document = document;
    this.#events = new RunEvents(fs, join(path, EVENTS_FILE), FILE_MODE);
  }

  /** What the run says of itself. */
  get document(): RunDocument {
    return this.#document;
  }

  /**
   * Opens a run and claims it for a call.
   * @throws RollbackError ERR_USAGE without a run, ERR_RUN, ERR_LOCKED while another process works with it, ERR_IO
   */
  static open(
    fs: DurableFs,
    dir: string,
    call: Call,
    fleet: Fleet,
    target: FleetTarget | null,
  ): RunDirectory {
    const path = resolve(dir);
    const document = readRun(fs, path);
    if (document === null) throw noRunError(path);
    refuseOtherRun(document, path, fleet, target);
    claim(fs, path, call);
    return new RunDirectory(fs, path, document, true);
  }

  /**
   * Opens a run, or makes it where there is none, and claims it for a call.
   * @throws RollbackError ERR_USAGE for a place in a database, ERR_RUN, ERR_LOCKED, ERR_IO
   */
  static openOrMake(fs: DurableFs, dir: string, call: Call, fleet: Fleet, target: FleetTarget): RunDirectory {
    const path = resolve(dir);
    refuseNoDirectory(fs, path);
    if (readRun(fs, path) !== null) return RunDirectory.open(fs, dir, call, fleet, target);
    refuseUnfit(fs, path);
    const document: RunDocument = {
      format: 'litt-rollback/run',
      version: 1,
      id: randomUUID(),
      createdAt: new Date().toISOString(),
      fleet: { path: fleet.path, digest: fleet.digest },
      target: { ...target },
      nodes: runNodesOf(fleet),
      settled: false,
      over: false,
    };
    try {
      makeDir(fs, path);
      makeDir(fs, join(path, PLANS_DIR));
    } catch (error) {
      throw ioError(error, path, 'make the directory of a run', 'Nothing was changed');
    }
    claim(fs, path, call);
    const run = new RunDirectory(fs, path, document, true);
    run.#write(RUN_FILE, document);
    return run;
  }

  /**
   * Opens a run to look at it, without a claim: nothing is written there. Null where there is none.
   * @throws RollbackError ERR_RUN, ERR_IO
   */
  static look(fs: DurableFs, dir: string, fleet: Fleet): RunDirectory | null {
    const path = resolve(dir);
    const document = readRun(fs, path);
    if (document === null) return null;
    refuseOtherRun(document, path, fleet, null);
    return new RunDirectory(fs, path, document, false);
  }

  /** Where the plan of a node is, or is to be. */
  planFile(node: string): string {
    return join(this.path, PLANS_DIR, `${node}.json`);
  }

  /** Notes how far the run is, durably. @throws RollbackError ERR_IO */
  note(change: Partial<Pick<RunDocument, 'settled' | 'over'>>): void {
    const document = { ...this.#document, ...change };
    if (document.settled === this.#document.settled && document.over === this.#document.over) return;
    this.#write(RUN_FILE, document);
    this.#document = document;
  }

  /** Appends a line to the events. @throws RollbackError ERR_IO */
  appendEvent(event: object): void {
    this.#events.append(event);
  }

  /** The summary of the last call; null without one, or where it is not whole. */
  readSummary(): unknown {
    try {
      return readJson(this.#fs, join(this.path, SUMMARY_FILE));
    } catch {
      return null; // it repeats what was told; the nodes know what was done
    }
  }

  /** Replaces the summary, durably. @throws RollbackError ERR_IO */
  writeSummary(summary: object): void {
    this.#write(SUMMARY_FILE, summary);
  }

  #write(name: string, document: object): void {
    const path = join(this.path, name);
    try {
      const bytes = Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
      writeFileDurably(this.#fs, path, bytes, { mode: FILE_MODE });
    } catch (error) {
      throw ioError(error, path, 'write to the directory of a run');
    }
  }
}

function claim(fs: DurableFs, path: string, call: Call): void {
  try {
    call.claimDir(fs, path);
  } catch (error) {
    if (!(error instanceof RollbackError) || error.code !== 'ERR_LOCKED')
      throw ioError(error, path, 'claim the directory of a run');
    throw error.saying({
      what: `The run is in use. ${error.what}`,
      why: 'Two batches of one run would tell each other wrong results. Nothing was changed',
      next: 'Wait for the other one; remove the file only if its process is dead',
    });
  }
}

/** A file, or a link that leads nowhere. */
function refuseNoDirectory(fs: DurableFs, path: string): void {
  const found = lstatOrNull(fs, path)?.kind ?? 'directory';
  if (found === 'directory') return;
  if (found === 'link' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new RollbackError(
    'ERR_USAGE',
    {
      what: 'What is named as the directory of the run is not a directory',
      why: 'Nothing was written',
      next: 'Name a directory, or one that does not exist yet, with --run DIR',
    },
    { path },
  );
}

/** A directory of something else is not filled with the files of a run. */
function refuseUnfit(fs: DurableFs, path: string): void {
  const parent = dirname(path);
  const around =
    lstatOrNull(fs, parent) === null ? null : databaseAround(fs, join(fs.realpath(parent), 'run'), []);
  if (around !== null) {
    throw new RollbackError(
      'ERR_USAGE',
      {
        what: `The directory of the run would lie in a database: ${around}`,
        why: 'Nothing was written',
        next: 'Name a directory outside of every database with --run DIR',
      },
      { path },
    );
  }
  if (lstatOrNull(fs, path) === null) return;
  const foreign = fs.readdir(path).find((name) => !isOwnName(name));
  if (foreign === undefined) return;
  throw new RollbackError(
    'ERR_RUN',
    {
      what: `The directory is not that of a run: it holds ${foreign}, and no ${RUN_FILE}`,
      why: 'Files of something else are not mixed with those of a run. Nothing was written',
      next: 'Name another directory with --run DIR',
    },
    { path },
  );
}

/** What an interrupted beginning may have left. */
function isOwnName(name: string): boolean {
  return name === PLANS_DIR || /^\.?runner\./.test(name) || isTemporaryName(name);
}

function makeDir(fs: DurableFs, path: string): void {
  if (lstatOrNull(fs, path) !== null) return;
  fs.mkdir(path, DIRECTORY_MODE);
  fs.fsyncDir(dirname(path));
}

/** The refusal where a run is needed and there is none. */
export function noRunError(path: string): RollbackError {
  return new RollbackError(
    'ERR_USAGE',
    {
      what: 'There is no run here',
      why: 'Only a run tells what was planned for which node',
      next: 'Give the directory of the run with --run DIR; `batch apply` with a target begins one',
    },
    { path },
  );
}
