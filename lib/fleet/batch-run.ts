/** One call over many nodes: looks at all, passes the gate, changes them in waves, and knows what became of each. */
import { FleetBrake } from '../../streams/fleet/node-source.ts';
import { runFleet } from '../../streams/fleet/pipeline.ts';
import { RollbackError } from '../errors.ts';
import type { BatchNews, EventQueue } from './batch-events.ts';
import { changesNodes, decideGate, type GateRule } from './batch-gate.ts';
import type { GateView } from './batch-options.ts';
import type { SummaryNode } from './batch-summary.ts';
import type { FleetNode, FleetTarget } from './fleet-types.ts';
import { deathOf, judgeChanging, judgeLooking } from './judge-dead.ts';
import type { RunDirectory } from './run-directory.ts';
import { taskNodeOf } from './task-words.ts';
import type { NodeTask } from './tasks.ts';
import { isFailed, type NodeEnded, type NodePlanned } from './verdicts.ts';
import type { TaskResult, WorkerPool } from './worker-pool.ts';

/** What a call is to do. */
export interface BatchWork extends GateRule {
  readonly nodes: readonly FleetNode[];
  /** Null where the saved plans of the run say it. */
  readonly target: FleetTarget | null;
  readonly run: RunDirectory | null;
  readonly maxFailures: number;
  readonly lock: boolean;
  readonly progress: boolean;
  readonly confirm: (view: GateView) => unknown;
}

/** One call. */
export class BatchRun {
  readonly #events: EventQueue;
  readonly #work: BatchWork;
  readonly #pool: WorkerPool;
  readonly #brake = new FleetBrake();
  readonly #nodes: ReadonlyMap<string, FleetNode>;
  readonly #planned = new Map<string, NodePlanned>();
  readonly #ended = new Map<string, NodeEnded>();
  readonly #begun = new Set<string>();
  #failures = 0;
  #stopped: string | null = null;
  #unsaved: RollbackError | null = null;

  constructor(work: BatchWork, pool: WorkerPool, events: EventQueue) {
    this.#events = events;
    this.#work = work;
    this.#pool = pool;
    this.#nodes = new Map(work.nodes.map((node) => [node.name, node]));
  }

  /** Why no node was changed, where the batch stopped at its gate; null otherwise. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** The first failure to write down what happened; null without one. */
  get unsaved(): RollbackError | null {
    return this.#unsaved;
  }

  /** Begins nothing new; what has begun is finished. */
  stop(): void {
    this.#brake.stop();
    this.#pool.stop();
  }

  /** Runs to the end. @throws what `confirm` throws; RollbackError ERR_IO where the run cannot be noted */
  async run(): Promise<void> {
    const { nodes, jobs } = this.#work;
    await runFleet<FleetNode, NodePlanned, NodeEnded>({
      nodes,
      jobs,
      brake: this.#brake,
      plan: (node) => this.#look(node),
      decide: (planned) => this.#decide(planned),
      change: (planned) => this.#change(planned),
      onEnded: (result) => this.#end(result),
    });
  }

  /** Every node of the call, in its order, with its verdict. */
  results(): SummaryNode[] {
    const { nodes, command } = this.#work;
    return nodes.map(({ name }) => {
      const seen = this.#planned.get(name) ?? unseen(name);
      const ended: Omit<SummaryNode, 'attempts'> = this.#ended.get(name) ?? endOf(seen);
      // A call that changes no node says what could be changed.
      const verdict = changesNodes(command) ? ended.verdict : seen.verdict;
      return { ...ended, verdict, attempts: this.#begun.has(name) ? 1 : 0 };
    });
  }

  /** Tells something, and writes it down where there is a run; progress is told only. */
  tell(news: BatchNews): void {
    const event = this.#events.push(news);
    if (news.message_type !== 'progress') this.save((run) => run.appendEvent(event));
  }

  /** Writes something down. That it cannot be written stops no node: the first failure is kept. */
  save(write: (run: RunDirectory) => void): void {
    const { run } = this.#work;
    if (run === null || !run.isClaimed || this.#unsaved !== null) return;
    try {
      write(run);
    } catch (error) {
      if (!(error instanceof RollbackError)) throw error;
      this.#unsaved = error;
      this.#events.push({ message_type: 'note', text: `${error.what} (${error.place.path ?? ''})` });
    }
  }

  #taskOf(node: FleetNode, phase: NodeTask['phase']): NodeTask {
    const { command, run, target, lock, progress } = this.#work;
    return {
      command,
      phase,
      node: taskNodeOf(node, target),
      planFile: run?.planFile(node.name) ?? null,
      replan: target !== null,
      settled: run?.document.settled ?? false,
      lock,
      progress,
    };
  }

  #do(task: NodeTask): Promise<TaskResult> {
    const { name } = task.node;
    return this.#pool.run(task, {
      onStart: (worker) => {
        if (task.phase === 'change')
          this.tell({ message_type: 'node', event: 'started', node: name, worker });
      },
      onProgress: (progress) => this.tell({ message_type: 'progress', node: name, ...progress }),
    });
  }

  async #look(node: FleetNode): Promise<NodePlanned> {
    const planned = await this.#lookBy(this.#taskOf(node, 'look'));
    this.#planned.set(node.name, planned);
    this.tell({ message_type: 'node', event: 'planned', ...planned });
    return planned;
  }

  async #lookBy(task: NodeTask): Promise<NodePlanned> {
    const result = await this.#do(task);
    return 'planned' in result ? result.planned : judgeLooking(task, deathOf(result));
  }

  async #decide(planned: readonly NodePlanned[]): Promise<readonly (readonly NodePlanned[])[]> {
    const { command, run } = this.#work;
    // They came as they were done: what is told goes by the fleet.
    const inOrder = [...this.#nodes.keys()].flatMap((name) => this.#planned.get(name) ?? []);
    const { blocking, room, reason, waves } = decideGate(inOrder, this.#work);
    if (this.#brake.isOn) return [];
    if (reason !== null) {
      this.#stopped = reason;
      this.tell({ message_type: 'gate', go: false, blocking, bytes_needed: room, reason });
      return [];
    }
    if (!changesNodes(command)) return [];
    if (waves.length > 0) {
      await this.#work.confirm({ planned: inOrder, room });
      if (this.#brake.isOn) return [];
      this.tell({ message_type: 'gate', go: true, blocking, bytes_needed: room, reason: null });
    }
    // Durable before the first change: a later call must know it.
    if (command === 'apply') run?.note({ settled: true });
    if (command === 'undo' && waves.length > 0) run?.note({ over: true });
    for (const p of planned) if (p.verdict !== 'change') this.#end(endOf(p));
    return waves;
  }

  async #change(planned: NodePlanned): Promise<NodeEnded> {
    const task = this.#taskOf(this.#nodes.get(planned.node) as FleetNode, 'change');
    this.#begun.add(planned.node);
    const result = await this.#do(task);
    const done = 'ended' in result ? result.ended : await judgeChanging(task, deathOf(result));
    const { transaction, tables } = planned;
    const told = { ...done, transaction, tables };
    return planned.node === this.#work.canary && told.verdict === 'done' ? this.#verified(task, told) : told;
  }

  /** The canary is looked at as a whole before the others are touched. */
  async #verified(task: NodeTask, done: NodeEnded): Promise<NodeEnded> {
    const { verdict, error } = await this.#lookBy({ ...task, command: 'verify', phase: 'look' });
    return isFailed(verdict) ? { ...done, verdict, error } : done;
  }

  #end(result: NodeEnded): void {
    const { maxFailures, canary } = this.#work;
    this.#ended.set(result.node, result);
    this.tell({ message_type: 'node', event: 'ended', ...result });
    if (!isFailed(result.verdict) || !this.#begun.has(result.node)) return;
    this.#failures += 1;
    const isEnough = maxFailures > 0 && this.#failures >= maxFailures;
    if (isEnough || result.node === canary) this.#brake.stop();
  }
}

/** The end of a node that is not changed. */
function endOf({ node, verdict, transaction, tables, notices, error }: NodePlanned): NodeEnded {
  const final = verdict === 'change' ? 'not-started' : verdict;
  return { node, verdict: final, changed: false, transaction, tables, notices, error };
}

/** A node that the batch was stopped before. */
function unseen(node: string): NodePlanned {
  const verdict = 'not-started';
  return { node, verdict, transaction: null, tables: [], needs: [], notices: [], error: null };
}
