/** The options of plan and apply that say where a rollback stops, and what it may do. */
import { type Command, Option } from 'commander';
import { relativeTargetError } from './mistakes.ts';
import { collect, count, height, limit, once, oneOf, time } from './option-values.ts';
import { option } from './program-parts.ts';

/** Adds TARGET. */
export function addTarget(command: Command): void {
  const [height, key, keysFile, before, filter] = absoluteTargets();
  command.optionsGroup('Target, exactly one:');
  for (const target of [height, key, keysFile, before, ...relativeTargets(), filter])
    command.addOption(target as Option);
}

/** Adds TARGET of a batch: a place that is the same on every node. */
export function addAbsoluteTarget(command: Command): void {
  command.optionsGroup('Target, exactly one, unless the fleet file has it:');
  for (const target of absoluteTargets()) command.addOption(target);
  for (const target of relativeTargets()) {
    const refuse = (): void => {
      throw relativeTargetError(target.long ?? '');
    };
    command.addOption(target.hideHelp().argParser(refuse));
  }
}

/** Targets that mean the same place wherever they are asked for. */
function absoluteTargets(): Option[] {
  return [
    option('--height <n>', 'keep everything up to and including this height', height),
    option('--key <hex>', 'the newest record with exactly this key', once),
    option('--keys-file <file>', 'JSON {"table": ["hexkey"]}: the newest record whose key is listed', once),
    option('--before <time>', 'remove segments that were sealed after this time (RFC 3339)', time),
    option('--filter <module>', 'an ES module: export default (table, key, isPrimary) => boolean', once),
  ];
}

/** Targets that are counted from an end of each table. */
function relativeTargets(): Option[] {
  return [
    option('--drop-last <n>', 'remove the newest n groups of each table', count(0)),
    option('--keep-first <n>', 'keep the oldest n groups of each table', count(0)),
  ];
}

/** Adds SCOPE. */
export function addScope(command: Command): void {
  command
    .optionsGroup('Scope:')
    .addOption(option('-t, --table <name>', 'only this table (repeat for more)', collect))
    .addOption(
      option(
        '--on-no-match <policy>',
        'a table in which nothing matches: refuse (default), keep or delete',
        oneOf('refuse', 'keep', 'delete'),
      ),
    )
    .addOption(schemaOption())
    .addOption(
      option(
        '--stragglers <policy>',
        'records above the target that would stay: refuse (default), keep, or drop them and all that follows',
        oneOf('refuse', 'keep', 'drop'),
      ),
    )
    .addOption(
      new Option(
        '--drop-orphans',
        'remove incomplete segments at an end of the chain though they may hold data',
      ),
    )
    .addOption(new Option('--all-roots', 'the given roots are complete, though the evidence is thin'))
    .addOption(
      option(
        '--check <scope>',
        'how much of the kept data is checked: all (default) or pivot',
        oneOf('all', 'pivot'),
      ),
    )
    .addOption(new Option('--accept-damage', 'plan in spite of damage in the kept data'))
    .addOption(
      option('--snapshot-dir <dir>', "where the engine's snapshots are; `none` when they are gone", once),
    )
    .addOption(
      option(
        '--log-index <dir>',
        'the log-index to take back with the receipts; `keep` leaves it as it is',
        once,
      ),
    )
    .addOption(option('--max-remove <n[%]>', 'refuse a plan that removes more records than this', limit));
}

/** The schemas of tables. */
export function schemaOption(): Option {
  const meaning = 'what the keys of a table mean: receipts, blocks or a module (repeat for more tables)';
  return option('--schema <table=schema>', meaning, collect);
}
