import type { Command, CommandContext, NamedReference } from './aggregate.js';
import type { AnyJson, Event } from './event.js';
import type { History } from './history.js';
import type { DataOf, Fields } from './schema/fields.js';
import type { Reference } from './schema/named.js';

/** A command of the ledger itself: decided on an aggregate's whole history, and seen by no `evolve`. */
export interface LedgerCommand<F extends Fields, Code extends string> {
  readonly summary: string;
  readonly fields: F;
  readonly events: readonly string[];
  readonly refusals: { readonly [C in Code]: string };
  /** As of `AnyCommand`. */
  approves?(data: DataOf<F>): string | undefined;
  /** Ids of other aggregates that the data name where the fields alone do not say so. */
  named?(data: DataOf<F>, own: History): readonly Reference[];
  /** External references that it would add. */
  references?(data: DataOf<F>, own: History): readonly NamedReference[];
  /** The data of a stored body in today's shape. */
  upcast?(data: AnyJson): DataOf<F>;
  decide(context: CommandContext<DataOf<F>>, history: History): readonly Event[];
}
export const ledgerCommand = <const F extends Fields, const Code extends string>(
  name: string,
  spec: LedgerCommand<F, Code>,
): Command<Code> => ({ name, ...spec });
