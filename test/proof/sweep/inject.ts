/** Runs a scenario in a fresh copy and injects a fault at one of its points: a kill, an error, a signal or a stop. */
import { join } from 'node:path';
import { killGroup, type Result, type Started, until } from './process.ts';
import { told } from './recover.ts';
import { fresh, type Scenario } from './scenario.ts';
import { type Injection, injectedIn, logSays, type Point, startAt, tracedProcess } from './trace.ts';

/** The runtime itself now and then makes one call more or fewer, and another point is met: then once more. */
const ATTEMPTS = 5;
/** How long a process may take to reach a point (milliseconds). */
const REACH_LIMIT = 30_000;

/** What an injection has left. */
export interface InjectedRun {
  /** The copy. */
  readonly at: string;
  readonly log: string;
  readonly result: Result;
}

/** Runs the command in a fresh copy below `dir` with an injection; it has met exactly the point. */
export async function inject(
  scenario: Scenario,
  dir: string,
  point: Point,
  injection: Injection,
): Promise<InjectedRun> {
  let met: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const at = await fresh(scenario, dir);
    const log = join(dir, 'log');
    const result = await startAt(scenario.argv(at), log, point, injection).result;
    met = injectedIn(log, point, at).text;
    if (met === point.text) return { at, log, result };
  }
  throw new Error(`met ${met}, not ${point.text}`);
}

/** Kills the command right before a point; it must be dead and must have died there. Returns the copy. */
export async function killIn(scenario: Scenario, dir: string, point: Point): Promise<string> {
  const { at, result } = await inject(scenario, dir, point, 'signal=KILL');
  if (result.signal !== 'SIGKILL') throw new Error(`not killed at ${point.text}: ${told('it', result)}`);
  return at;
}

/** A process that stands still right behind a point. */
export class Stopped {
  private constructor(
    readonly at: string,
    private readonly pid: number,
    private readonly started: Started,
  ) {}

  /** Runs the command on a copy until it stands still; null when it has met another point. */
  private static async on(
    at: string,
    log: string,
    scenario: Scenario,
    point: Point,
  ): Promise<Stopped | null> {
    const started = startAt(scenario.argv(at), log, point, 'signal=STOP');
    let pid: number | null = null;
    const standsStill = (): boolean => {
      pid ??= tracedProcess(log);
      return pid !== null && logSays(log, new RegExp(`^${pid} +--- stopped by SIGSTOP ---$`, 'm'));
    };
    if (!(await until(standsStill, REACH_LIMIT)) || pid === null) {
      killGroup(started.child);
      throw new Error(`never stood still at ${point.text}: ${told('it', await started.result)}`);
    }
    const stopped = new Stopped(at, pid, started);
    if (injectedIn(log, point, at).text === point.text) return stopped;
    await stopped.kill();
    return null;
  }

  /** As on(), repeated until it stops exactly at the point; `reset` puts the copy in order before each run. */
  static async exactlyAt(
    reset: () => Promise<unknown>,
    at: string,
    log: string,
    scenario: Scenario,
    point: Point,
  ): Promise<Stopped> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await reset();
      const stopped = await Stopped.on(at, log, scenario, point);
      if (stopped !== null) return stopped;
    }
    throw new Error(`never met ${point.text}`);
  }

  /** As exactlyAt(), in a fresh copy below `dir`. */
  static in(scenario: Scenario, dir: string, point: Point): Promise<Stopped> {
    return Stopped.exactlyAt(() => fresh(scenario, dir), join(dir, 'a'), join(dir, 'log'), scenario, point);
  }

  /** Lets it run on to its end. */
  goOn(): Promise<Result> {
    process.kill(this.pid, 'SIGCONT');
    return this.started.result;
  }

  /** Kills it where it stands, unless a disk that was cut off has ended it. */
  kill(): Promise<Result> {
    try {
      process.kill(this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    return this.started.result;
  }
}
