/** Commands and options, as commander sees them. A command's code is loaded when the command is chosen. */
import { Command, Option } from 'commander';
import { EXAMPLES, environmentHelp, examplesHelp, exitCodesHelp } from './help-text.ts';
import { collect, countOrAll, height, once, oneOf } from './option-values.ts';
import { addBatch } from './program-batch.ts';
import { addPlanArgument, addSource, type Choose, finish, option } from './program-parts.ts';
import { addRecovery } from './program-recovery.ts';
import { addScope, addTarget, schemaOption } from './program-target.ts';

/** The whole command line; `choose` runs the requested command, `version` prints the version. */
export function buildProgram(choose: Choose, version: () => void): Command {
  const program = new Command('litt-rollback')
    .description(
      'Rewinds the LittDB database of a stopped node to an earlier record. Plans first, changes later.',
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(true)
    .addOption(new Option('--json', 'results as JSON: one document, or one document a line'))
    .addOption(
      option('--progress <when>', 'progress: auto, always or never', oneOf('auto', 'always', 'never')),
    )
    .addOption(new Option('-q, --quiet', 'no progress and no remarks'))
    .addOption(new Option('--verbose', 'more detail; with errors, their causes'))
    .addOption(option('--color <when>', 'colours: auto, always or never', oneOf('auto', 'always', 'never')))
    .addOption(new Option('-V, --version', 'the version of this program'))
    .on('option:version', version)
    .addHelpText('after', exitCodesHelp() + environmentHelp() + examplesHelp(EXAMPLES));
  addPlan(program, choose);
  addApply(program, choose);
  addInspect(program, choose);
  addKeys(program, choose);
  addVerify(program, choose);
  addRecovery(program, choose);
  addBatch(program, choose);
  addVersion(program, choose);
  return program;
}

function addVersion(program: Command, choose: Choose): void {
  const command = program.command('version').description('the version of this program; more with --json');
  command.action((_options, self: Command) =>
    choose('version', self.optsWithGlobals(), async (c) => (await import('./version.ts')).run(c)),
  );
  finish(command, ['litt-rollback version --json']);
}

function addPlan(program: Command, choose: Choose): void {
  const command = program
    .command('plan')
    .description('show what a rollback would remove; nothing is changed');
  addSource(command);
  addTarget(command);
  addScope(command);
  command
    .optionsGroup('Plan:')
    .addOption(option('-o, --out <file>', 'save the plan, to be applied later; - is standard output', once))
    .addOption(option('--html <file>', 'the plan as a page for people; - is standard output', once))
    .addOption(new Option('--force', 'let --out replace a file that is not a plan'))
    .addOption(new Option('--detailed-exitcode', 'exit with 10 when the plan would change something'))
    .addOption(new Option('--no-lock', 'take no lock: for read-only media, or beside a running node'))
    .action((options, self: Command) =>
      choose('plan', self.optsWithGlobals(), async (c) => (await import('./plan.ts')).run(options, c)),
    );
  finish(command, [
    'litt-rollback plan --src /data/litt --key 0a0b0c',
    'litt-rollback plan --src /data/a --src /data/b --drop-last 100 --table blobs --out plan.json',
  ]);
}

function addApply(program: Command, choose: Choose): void {
  const command = program
    .command('apply')
    .description('carry out a rollback: plan it, show it, ask, do it; or carry out a saved plan')
    .argument('[plan.json]', 'a plan saved with `plan --out`, in place of source and target');
  addSource(command);
  addTarget(command);
  addScope(command);
  command
    .optionsGroup('Apply:')
    .addOption(new Option('-y, --yes', 'do not ask; needed where there is no terminal'))
    .addOption(new Option('-n, --dry-run', 'only show the plan, as `plan` does'))
    .addOption(new Option('--detailed-exitcode', 'exit with 10 when something was changed, with 0 when not'))
    .addOption(new Option('--no-undo', 'delete removed data at once; the rollback cannot be undone'))
    .action((file: string | undefined, options, self: Command) =>
      choose('apply', self.optsWithGlobals(), async (c) =>
        (await import('./apply.ts')).run(file, options, c),
      ),
    );
  finish(command, [
    'litt-rollback apply --src /data/litt --key 0a0b0c',
    'litt-rollback apply plan.json --yes',
  ]);
}

function addInspect(program: Command, choose: Choose): void {
  const command = program
    .command('inspect')
    .description('tables, segments, records, sizes, times, heights, watermarks, locks');
  addSource(command);
  command
    .optionsGroup('Inspect:')
    .addOption(schemaOption())
    .addOption(new Option('--heights', 'list which heights begin where; this reads all key files'))
    .action((options, self: Command) =>
      choose('inspect', self.optsWithGlobals(), async (c) => (await import('./inspect.ts')).run(options, c)),
    );
  finish(command, [
    'litt-rollback inspect --src /data/a --src /data/b --verbose',
    'litt-rollback inspect --src /data/block --heights',
  ]);
}

function addKeys(program: Command, choose: Choose): void {
  const command = program
    .command('keys')
    .description('list records, newest first: position, kind, address, meaning, key');
  addSource(command);
  command
    .optionsGroup('Keys:')
    .addOption(option('-t, --table <name>', 'only this table (repeat for more)', collect))
    .addOption(schemaOption())
    .addOption(option('--height <n>', 'only groups of this height', height))
    .addOption(option('--from-height <n>', 'only groups of this height and above', height))
    .addOption(option('--to-height <n>', 'only groups up to and including this height', height))
    .addOption(
      option(
        '--limit <n>',
        'at most this many records of each table, or all; default 100 on a terminal, else all',
        countOrAll,
      ),
    )
    .addOption(new Option('--oldest-first', 'oldest records first'))
    .action((options, self: Command) =>
      choose('keys', self.optsWithGlobals(), async (c) => (await import('./keys.ts')).run(options, c)),
    );
  finish(command, [
    'litt-rollback keys --src /data/litt --table blobs --limit 20',
    'litt-rollback keys --src /data/block --from-height 1020 --to-height 1024 --oldest-first',
  ]);
}

function addVerify(program: Command, choose: Choose): void {
  const command = program
    .command('verify')
    .description('check every segment: files, addresses, groups, counts; and bounds of snapshots');
  addPlanArgument(command);
  addSource(command);
  command
    .optionsGroup('Verify:')
    .addOption(option('-t, --table <name>', 'only this table (repeat for more)', collect))
    .addOption(
      option('--snapshot-dir <dir>', "where the engine's snapshots are: also check their bounds", once),
    )
    .addOption(
      option('--log-index <dir>', 'the log-index beside the receipts; with --home it is found', once),
    )
    .action((file: string | undefined, options, self: Command) =>
      choose('verify', self.optsWithGlobals(), async (c) =>
        (await import('./verify.ts')).run(file, options, c),
      ),
    );
  finish(command, ['litt-rollback verify --src /data/litt']);
}
