/**
 * A batch as a person watches it: on a terminal one bar and a line for each node under way, elsewhere a line for each
 * node that ends. A failure is printed when it happens, and stays.
 */
import type { MultiBar, SingleBar } from 'cli-progress';
import type { BatchEvent } from '../fleet/batch-events.ts';
import { isFailed } from '../fleet/verdicts.ts';
import { printable } from '../report/text.ts';
import type { Context } from './context.ts';

/** What is shown while a batch runs. */
export interface FleetDisplay {
  take(event: BatchEvent): void;
  /** Clears what would be overwritten. */
  stop(): Promise<void>;
  /** Goes on after a question. */
  resume(): void;
}

/** Elsewhere than on a terminal a line says every so often that the batch is alive (milliseconds). */
const ALIVE_INTERVAL_MS = 10_000;

/** Lines of the window that are not for nodes under way. */
const OTHER_LINES = 4;

/** Chooses the display. */
export function fleetDisplay(context: Context): FleetDisplay {
  const { quiet, json, progressRefused } = context;
  const say = (text: string): void => void context.err.say(`${text}\n`);
  const counts = new Counts();
  if (json || quiet || progressRefused) return failuresOnly(counts, json ? () => {} : say);
  return process.stderr.isTTY === true ? barDisplay(counts, say) : lineDisplay(counts, say);
}

/** How far a batch is. */
class Counts {
  nodes = 0;
  looked = 0;
  ended = 0;
  failed = 0;
  wanted = 0;
  isChanging = false;

  take(event: BatchEvent): void {
    if (event.message_type === 'batch') this.nodes = event.nodes;
    if (event.message_type === 'gate' && event.go) this.isChanging = true;
    if (event.message_type !== 'node') return;
    if (event.event === 'planned') {
      this.looked += 1;
      if (event.verdict === 'change') this.wanted += 1;
      if (isFailed(event.verdict)) this.failed += 1;
    } else if (event.event === 'ended' && this.isChanging) {
      this.ended += 1;
      if (isFailed(event.verdict)) this.failed += 1;
    }
  }

  get text(): string {
    const work = this.isChanging ? `${this.ended} changed` : `${this.looked} of ${this.nodes} looked at`;
    return this.failed === 0 ? work : `${work}, ${this.failed} failed`;
  }
}

/** Nodes that cannot be planned are told at the end once more: these many are told before (the rest is counted). */
const MOST_UNPLANNED = 10;

/** The line of a failure; null for any other event. */
function failureOf(event: BatchEvent, counts: Counts): string | null {
  if (event.message_type !== 'node' || event.event === 'started' || !isFailed(event.verdict)) return null;
  if (!counts.isChanging && counts.failed > MOST_UNPLANNED) return null;
  const { error } = event;
  return `${event.node}: ${event.verdict}${error === null ? '' : `: ${printable(error.what)} [${error.code}]`}`;
}

function failuresOnly(counts: Counts, say: (text: string) => void): FleetDisplay {
  return {
    take(event) {
      counts.take(event);
      const failure = failureOf(event, counts);
      if (failure !== null) say(failure);
      if (event.message_type === 'note') say(event.text);
    },
    stop: async () => {},
    resume: () => {},
  };
}

function lineDisplay(counts: Counts, say: (text: string) => void): FleetDisplay {
  let timer: NodeJS.Timeout | null = null;
  const alive = (): void => {
    timer ??= setInterval(() => say(counts.text), ALIVE_INTERVAL_MS).unref();
  };
  return {
    take(event) {
      counts.take(event);
      alive();
      const failure = failureOf(event, counts);
      if (failure !== null) say(failure);
      else if (event.message_type === 'node' && event.event === 'ended')
        say(`${event.node}: ${event.verdict}`);
      if (event.message_type === 'note') say(event.text);
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
    resume: alive,
  };
}

/** The library that draws the bars is loaded with the first event. */
function barDisplay(counts: Counts, say: (text: string) => void): FleetDisplay {
  let bars: Bars | null = null;
  let loading: Promise<void> | null = null;
  let isShown = true;
  const early: string[] = [];
  const load = async (jobs: number): Promise<void> => {
    const { default: progress } = await import('cli-progress');
    if (isShown) bars = new Bars(progress.MultiBar, jobs, counts);
  };
  return {
    take(event) {
      counts.take(event);
      if (event.message_type === 'batch') loading ??= load(event.jobs);
      const line = failureOf(event, counts) ?? (event.message_type === 'note' ? event.text : null);
      if (line !== null && bars !== null) bars.print(line);
      else if (line !== null && isShown) early.push(line);
      else if (line !== null) say(line);
      bars?.draw(event);
    },
    async stop() {
      isShown = false;
      await loading;
      bars?.stop();
      bars = null;
      for (const line of early.splice(0)) say(line);
    },
    resume() {
      isShown = true;
      loading = load(counts.wanted);
    },
  };
}

/** One bar for the nodes, and a line for each of those under way, never more than the window has. */
class Bars {
  readonly #multi: MultiBar;
  readonly #total: SingleBar;
  readonly #counts: Counts;
  readonly #lines: { readonly bar: SingleBar; node: string | null }[];

  constructor(Multi: typeof MultiBar, jobs: number, counts: Counts) {
    this.#counts = counts;
    this.#multi = new Multi({
      clearOnComplete: true,
      hideCursor: true,
      stream: process.stderr,
      gracefulExit: false,
      format: ' {text}',
      noTTYOutput: false,
      linewrap: false,
    });
    const format = '{bar} {value}/{total} nodes · {text} · {eta_formatted}';
    this.#total = this.#multi.create(Math.max(counts.nodes, 1), 0, { text: '' }, { format, barsize: 24 });
    const room = Math.max((process.stderr.rows ?? 24) - OTHER_LINES, 0);
    this.#lines = Array.from({ length: Math.min(jobs, room) }, () => ({
      bar: this.#multi.create(1, 0, { text: '' }),
      node: null,
    }));
  }

  draw(event: BatchEvent): void {
    const { isChanging, ended, looked, wanted, nodes, text } = this.#counts;
    this.#total.setTotal(Math.max(isChanging ? wanted : nodes, 1));
    this.#total.update(isChanging ? ended : looked, { text });
    if (event.message_type === 'progress')
      this.#show(event.node, `${event.node}: ${event.phase} ${event.table} ${event.done} of ${event.total}`);
    if (event.message_type !== 'node') return;
    if (event.event === 'started') this.#show(event.node, `${event.node}: begins`);
    else this.#clear(event.node);
  }

  print(line: string): void {
    this.#multi.log(`${line}\n`);
    this.#multi.update();
  }

  stop(): void {
    this.#multi.stop();
  }

  #show(node: string, text: string): void {
    const line = this.#lines.find((l) => l.node === node) ?? this.#lines.find((l) => l.node === null);
    if (line === undefined) return;
    line.node = node;
    line.bar.update(0, { text });
  }

  #clear(node: string): void {
    const line = this.#lines.find((l) => l.node === node);
    if (line === undefined) return;
    line.node = null;
    line.bar.update(0, { text: '' });
  }
}
