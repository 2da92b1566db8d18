/** The part of the command line for many nodes at once. */
import { type Command, Option } from 'commander';
import { MOST_JOBS } from '../fleet/batch-options.ts';
import type { BatchCommand } from '../fleet/tasks.ts';
import { collect, count, once } from './option-values.ts';
import { type Choose, finish, option } from './program-parts.ts';
import { addAbsoluteTarget } from './program-target.ts';

/** Adds `batch` with its commands. */
export function addBatch(program: Command, choose: Choose): void {
  const batch = program
    .command('batch')
    .description('the same for many nodes at once, which a fleet file names');
  batch.helpCommand(false);
  addPlan(batch, choose);
  addApply(batch, choose);
  add(batch, choose, 'resume', 'finish what a call of the run left unfinished, and nothing else');
  addAsking(batch, choose, 'undo', 'take back what the run did, and nothing else: show it, ask, do it');
  addAsking(batch, choose, 'purge', 'delete what the run keeps for undo: show it, ask, delete it');
  add(batch, choose, 'status', 'where the run stands on each node, and which nodes are unfinished');
  add(batch, choose, 'verify', 'check every segment of every node');
  finish(batch, ['litt-rollback batch plan fleet.yaml --height 1027']);
}

function addPlan(batch: Command, choose: Choose): void {
  const plan = begin(batch, 'plan', 'show what a rollback of each node would remove; nothing is changed');
  addAbsoluteTarget(plan);
  plan
    .optionsGroup('Plan:')
    .addOption(new Option('--skip-refused', 'leave nodes out that cannot be planned'))
    .addOption(new Option('--detailed-exitcode', 'exit with 10 when a plan would change something'))
    .addOption(new Option('--no-lock', 'take no locks: for read-only media, or beside running nodes'));
  end(plan, choose, 'plan', ['litt-rollback batch plan fleet.yaml --height 1027 --run incident-7.run']);
}

function addApply(batch: Command, choose: Choose): void {
  const apply = begin(
    batch,
    'apply',
    'carry out a rollback on each node: plan all, show, ask, do all or none',
  );
  addAbsoluteTarget(apply);
  apply
    .optionsGroup('Apply:')
    .addOption(new Option('-y, --yes', 'do not ask; needed where there is no terminal'))
    .addOption(option('--canary <name>', 'apply and verify this node alone, before all others', once))
    .addOption(new Option('--skip-refused', 'leave nodes out that cannot be planned'))
    .addOption(
      option(
        '--max-failures <k>',
        'after k failed nodes begin no new one; default 1, 0 never stops',
        count(0),
      ),
    );
  end(apply, choose, 'apply', [
    'litt-rollback batch apply fleet.yaml --height 1027 --canary val-0',
    'litt-rollback batch apply fleet.yaml --run incident-7.run',
  ]);
}

function add(batch: Command, choose: Choose, name: BatchCommand, description: string): void {
  end(begin(batch, name, description), choose, name, [`litt-rollback batch ${name} fleet.yaml`]);
}

function addAsking(batch: Command, choose: Choose, name: BatchCommand, description: string): void {
  const command = begin(batch, name, description);
  command.addOption(new Option('-y, --yes', 'do not ask; needed where there is no terminal'));
  end(command, choose, name, [`litt-rollback batch ${name} fleet.yaml`]);
}

/** What every command of a batch takes. */
function begin(batch: Command, name: BatchCommand, description: string): Command {
  const command = batch.command(name).description(description);
  command
    .argument('<fleet>', 'the fleet file: YAML or JSON, the nodes and their options')
    .optionsGroup('Nodes:')
    .addOption(
      option(
        '--only <node>',
        'only nodes of this name, or NAME=VALUE of a label (repeat; * in names)',
        collect,
      ),
    )
    .addOption(option('--except <node>', 'all but these, likewise', collect))
    .addOption(
      option('--run <dir>', 'the directory of the run; default FLEET.run beside the fleet file', once),
    )
    .addOption(option('--html <file>', 'the result as a page for people', once))
    .addOption(option('--jobs <n>', `nodes at once; default 4, at most ${MOST_JOBS}`, count(1, MOST_JOBS)));
  return command;
}

function end(command: Command, choose: Choose, name: BatchCommand, examples: readonly string[]): void {
  command.action((fleet: string, options, self: Command) =>
    choose(`batch ${name}`, self.optsWithGlobals(), async (c) =>
      (await import('./batch.ts')).run(name, fleet, options, c),
    ),
  );
  finish(command, examples);
}
