/** The part of the command line for rollbacks that have begun. */
import { type Command, Option } from 'commander';
import { once } from './option-values.ts';
import { addPlanArgument, addSource, type Choose, finish, option } from './program-parts.ts';

/** Adds resume, undo, purge and status. */
export function addRecovery(program: Command, choose: Choose): void {
  const resume = program.command('resume').description('finish what a crash interrupted');
  addPlanArgument(resume);
  addRecoverySource(resume);
  resume.action((file: string | undefined, options, self: Command) =>
    choose('resume', self.optsWithGlobals(), async (c) =>
      (await import('./recovery.ts')).resume(file, options, c),
    ),
  );
  finish(resume, ['litt-rollback resume --src /data/a --src /data/b']);

  const undo = program.command('undo').description('revert the last rollback, byte for byte');
  addPlanArgument(undo);
  addRecoverySource(undo);
  undo.action((file: string | undefined, options, self: Command) =>
    choose('undo', self.optsWithGlobals(), async (c) =>
      (await import('./recovery.ts')).undo(file, options, c),
    ),
  );
  finish(undo, ['litt-rollback undo --src /data/litt']);

  const purge = program.command('purge').description('delete the undo data: show it, ask, delete it');
  addPlanArgument(purge);
  addSource(purge);
  addSnapshotDir(purge);
  purge
    .addOption(option('--id <transaction>', 'only this rollback and older ones; default all', once))
    .addOption(new Option('-y, --yes', 'do not ask; needed where there is no terminal'))
    .addOption(new Option('-n, --dry-run', 'only show what would be freed'))
    .action((file: string | undefined, options, self: Command) =>
      choose('purge', self.optsWithGlobals(), async (c) =>
        (await import('./recovery.ts')).purge(file, options, c),
      ),
    );
  finish(purge, ['litt-rollback purge --src /data/litt']);

  const status = program
    .command('status')
    .description('untouched, unfinished (how far), or applied (undo available, bytes held)');
  addPlanArgument(status);
  addSource(status);
  addSnapshotDir(status);
  addLogIndex(status);
  status.addOption(new Option('--history', 'also what was rolled back, undone and purged before'));
  status.action((file: string | undefined, options, self: Command) =>
    choose('status', self.optsWithGlobals(), async (c) =>
      (await import('./recovery.ts')).status(file, options, c),
    ),
  );
  finish(status, ['litt-rollback status --src /data/litt']);
}

function addRecoverySource(command: Command): void {
  addSource(command);
  addSnapshotDir(command);
  addLogIndex(command);
  command.addOption(option('--id <transaction>', 'only this rollback; another one is refused', once));
  command.addOption(
    new Option('--force-unlock', 'treat a process that cannot be checked from here (a container) as dead'),
  );
}

function addSnapshotDir(command: Command): void {
  command.addOption(
    option('--snapshot-dir <dir>', 'the snapshot directory, when the rollback includes one', once),
  );
}

function addLogIndex(command: Command): void {
  command.addOption(option('--log-index <dir>', 'the log-index, when the rollback includes one', once));
}
