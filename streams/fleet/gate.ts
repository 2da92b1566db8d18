/** The gate of a batch: opens when every node has been planned, or never. */
import highland from 'highland';

/**
 * Decides over all plans at once, and gives those nodes that go on, in waves: a wave begins when the one before has
 * ended.
 */
export type Decide<Planned> = (planned: readonly Planned[]) => Promise<readonly (readonly Planned[])[]>;

/** A stage for highland's `through`: in go plans, out come waves. */
export function gate<Planned>(
  decide: Decide<Planned>,
): (planned: Highland.Stream<Planned>) => Highland.Stream<readonly Planned[]> {
  return (planned) =>
    planned
      .collect()
      .flatMap((all) => highland(decide(all)))
      .flatMap((waves) => highland([...waves]));
}
