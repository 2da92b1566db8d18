/** `batch`: the commands for many nodes at once. */
import { resolve } from 'node:path';
import {
  applyBatch,
  type Batch,
  batchStatus,
  planBatch,
  purgeBatch,
  resumeBatch,
  undoBatch,
  verifyBatch,
} from '../fleet/batch.ts';
import type { GateView } from '../fleet/batch-options.ts';
import type { BatchSummary } from '../fleet/batch-summary.ts';
import { readFleet } from '../fleet/fleet-file.ts';
import type { Fleet, FleetTarget } from '../fleet/fleet-types.ts';
import type { BatchCommand } from '../fleet/tasks.ts';
import { formatRfc3339 } from '../format/rfc3339.ts';
import { fleetToHtml } from '../report/fleet-html.ts';
import { type FleetTextOptions, fleetToText, type ToldNode } from '../report/fleet-text.ts';
import { shellCommand } from '../report/text.ts';
import { fleetDisplay } from './batch-display.ts';
import { confirm, type Question } from './confirm.ts';
import { type Context, textStyle } from './context.ts';
import { errorToText } from './error-output.ts';
import { EXIT_CHANGES, signalExitCode } from './exit-codes.ts';
import { refuseHtmlOutput, writeHtml } from './html-output.ts';
import type { TargetOptions } from './target.ts';

/** The options of these commands. */
export interface BatchCommandOptions extends TargetOptions {
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly run?: string;
  readonly jobs?: number;
  readonly html?: string;
  readonly yes?: true;
  readonly skipRefused?: true;
  readonly detailedExitcode?: true;
  readonly canary?: string;
  readonly maxFailures?: number;
  /** False with --no-lock. */
  readonly lock?: boolean;
}

const QUESTIONS: Readonly<Partial<Record<BatchCommand, Question>>> = {
  apply: { text: 'Apply these plans?', subject: 'The table', unconfirmed: 'The batch was not confirmed' },
  undo: { text: 'Take all of this back?', subject: 'The table', unconfirmed: 'The undo was not confirmed' },
  purge: {
    text: 'Delete for good what is kept for undo?',
    subject: 'The table',
    unconfirmed: 'The purge was not confirmed',
  },
};

/** Failures that are told one by one without --verbose. */
const LIMIT = 20;

/** Runs the command; the result is its exit code. With --json an error that ends it is a line of the results, too. */
export async function run(
  command: BatchCommand,
  path: string,
  options: BatchCommandOptions,
  context: Context,
): Promise<number> {
  try {
    return await runBatch(command, path, options, context);
  } catch (error) {
    const style = { json: true, verbose: context.verbose, signal: context.signals.received };
    if (context.json) await context.out.say(errorToText(error, style), true);
    throw error;
  }
}

async function runBatch(
  command: BatchCommand,
  path: string,
  options: BatchCommandOptions,
  context: Context,
): Promise<number> {
  const fleet = readFleet(path);
  const dirs = fleet.nodes.flatMap(({ home, src }) => (home === null ? src : [home]));
  refuseHtmlOutput(options.html, dirs);
  const display = fleetDisplay(context);
  let target: string | null = null;
  const batch = start(command, fleet, options, context, async (view) => {
    await display.stop();
    await ask(command, { ...view, target }, options, context);
    display.resume();
  });
  try {
    for await (const event of batch) {
      if (event.message_type === 'batch') target = event.target;
      if (!context.json) display.take(event);
      else if (event.message_type !== 'progress' || context.progressWanted)
        await context.out.json({ ...event });
    }
  } finally {
    await display.stop();
  }
  const summary = await batch.summary;
  await writeHtml(options.html, dirs, () => fleetToHtml(summary, new Date().toISOString(), fleet.notices));
  if (!context.json && !context.quiet) await showEnd(command, fleet, path, summary, options, context);
  return exitCode(summary, options, context);
}

/** A signal says with which code it ends; without one the summary does. */
function exitCode(summary: BatchSummary, options: BatchCommandOptions, { signals }: Context): number {
  if (summary.changed === 0 && signals.received !== null) return signalExitCode(signals.received);
  const changes = summary.nodes.some((n) => n.verdict === 'change');
  return options.detailedExitcode && summary.exit_code === 0 && changes ? EXIT_CHANGES : summary.exit_code;
}

function start(
  command: BatchCommand,
  fleet: Fleet,
  options: BatchCommandOptions,
  { signals, json, progressWanted }: Context,
  confirmBatch: (view: GateView) => Promise<void>,
): Batch {
  const { only, except, run: dir, jobs, skipRefused, canary, maxFailures, lock } = options;
  const common = {
    only,
    except,
    run: dir,
    jobs,
    // A bar and lines of JSON show how far a node is; lines for people do not.
    progress: json ? progressWanted : process.stderr.isTTY === true,
    signal: signals.signal,
    kill: signals.again,
    command: process.argv[1],
    confirm: confirmBatch,
  };
  const target = fleetTargetOf(options);
  switch (command) {
    case 'plan':
      return planBatch(fleet, { ...common, target, skipRefused, lock });
    case 'apply':
      return applyBatch(fleet, { ...common, target, skipRefused, canary, maxFailures });
    case 'resume':
      return resumeBatch(fleet, common);
    case 'undo':
      return undoBatch(fleet, common);
    case 'purge':
      return purgeBatch(fleet, common);
    case 'status':
      return batchStatus(fleet, common);
    case 'verify':
      return verifyBatch(fleet, common);
  }
}

/** The target by its name in a fleet file; undefined where none was given. */
function fleetTargetOf(options: BatchCommandOptions): FleetTarget | undefined {
  const { height, key, keysFile, before, filter } = options;
  const given = {
    ...(height !== undefined && { height: `${height}` }),
    ...(key !== undefined && { key }),
    ...(keysFile !== undefined && { 'keys-file': resolve(keysFile) }),
    // An age would be another time on every node.
    ...(before !== undefined && { before: formatRfc3339(before.time) }),
    ...(filter !== undefined && { filter: resolve(filter) }),
  };
  return Object.keys(given).length === 0 ? undefined : given;
}

async function ask(
  command: BatchCommand,
  { planned, target }: GateView & { readonly target: string | null },
  { yes }: BatchCommandOptions,
  context: Context,
): Promise<void> {
  const question = QUESTIONS[command];
  if (yes || question === undefined) return;
  const nodes: ToldNode[] = planned.map((p) => ({ ...p, changed: false }));
  if (!context.json) {
    const text = fleetToText(nodes, {
      ...styleOf(context),
      command,
      target,
      moment: 'question',
      stopped: null,
    });
    await context.out.write(text);
  }
  await confirm(context, [], question);
}

function styleOf(context: Context): Pick<FleetTextOptions, 'color' | 'width' | 'limit'> {
  const { color = false, width = 110 } = textStyle(context);
  return { color, width, limit: context.verbose ? Number.POSITIVE_INFINITY : LIMIT };
}

async function showEnd(
  command: BatchCommand,
  fleet: Fleet,
  path: string,
  summary: BatchSummary,
  options: BatchCommandOptions,
  context: Context,
): Promise<void> {
  const { target, stopped, nodes } = summary;
  const remarks = [...fleet.notices, ...nextSteps(command, path, summary, options)];
  const text = fleetToText(nodes, { ...styleOf(context), command, target, stopped, moment: 'end', remarks });
  await context.out.write(text);
}

/** The command that goes on. */
function nextSteps(
  command: BatchCommand,
  path: string,
  { stopped, exit_code: code, nodes }: BatchSummary,
  options: BatchCommandOptions,
): string[] {
  const again = (name: BatchCommand, ...more: readonly string[]): string =>
    `\`${shellCommand(['litt-rollback', 'batch', name, path, ...wordsOf(options), ...more])}\``;
  // Of an apply that was stopped at its gate: what could have been changed was not started.
  const changes = nodes.some((n) => n.verdict === 'change' || n.verdict === 'not-started');
  if (stopped !== null && !changes) return [];
  if (stopped !== null) return [`Go on without those: ${again('apply', '--skip-refused')}`];
  if (command === 'plan') return changes ? [`Apply them: ${again('apply')}`] : [];
  if (code !== 0 && (command === 'apply' || command === 'undo'))
    return [`Repair what failed, then run the same command again: ${again(command)}`];
  return [];
}

/** The words that chose the nodes, the run and the target. */
function wordsOf(options: BatchCommandOptions): string[] {
  const { only = [], except = [], run: dir, jobs, canary } = options;
  return [
    ...Object.entries(fleetTargetOf(options) ?? {}).flatMap(([name, value]) => [`--${name}`, value]),
    ...only.flatMap((name) => ['--only', name]),
    ...except.flatMap((name) => ['--except', name]),
    ...(dir === undefined ? [] : ['--run', dir]),
    ...(jobs === undefined ? [] : ['--jobs', `${jobs}`]),
    ...(canary === undefined ? [] : ['--canary', canary]),
  ];
}
