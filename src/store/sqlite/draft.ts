import { canonical, type Metadata, type NewEvent } from '../../kernel/index.js';
import type { Revision } from '../event-store.js';
import { leafOfTexts, type Hash, type MerkleTree } from '../merkle-tree.js';
import type { LeafTable, NumberedLeaf } from './leaf-table.js';
import { textsOf, type EventRow } from './rows.js';
import type { Statements } from './statements.js';

type Row = ReturnType<typeof textsOf>;
/** An event that waits for its commit, with its leaf, if it is stored at the revision that is expected. */
export interface Waiting {
  readonly row: Row;
  readonly leaf: Hash;
}

/** Events as they are now: what the caller does with them afterwards changes nothing. @param expected the revision before the first */
export const waitingOf = (stream: string, expected: Revision, events: readonly NewEvent[]): readonly Waiting[] =>
  events.map((event, i) => {
    const row = textsOf(event);
    return { row, leaf: leafOfTexts({ ...event, stream, revision: expected + 1 + i }, row[2], row[3]) };
  });

/** What one transaction stores, as far as it is decided. */
export class Draft {
  readonly tree: MerkleTree;
  /** Streams with the revision that it takes them to. */
  readonly heads = new Map<string, Revision>();
  readonly events: Waiting[] = [];
  /** What of it is not in the file yet. */
  #unwritten = nothing();

  /** @param before the revision of a stream in the file */
  constructor(
    private readonly leaves: LeafTable,
    private readonly statements: Statements,
    private readonly before: (stream: string) => Revision,
  ) {
    this.tree = leaves.draft();
  }

  /** Where a stream stands behind it. */
  revisionOf(stream: string): Revision {
    return this.heads.get(stream) ?? this.before(stream);
  }

  /** @returns its position: 1 is the genesis record, and each event comes next */
  place(stream: string, revision: Revision, event: Waiting): number {
    const position = this.leaves.size + this.events.length + 2;
    this.events.push(event);
    this.#unwritten.rows.push([position, stream, revision, ...event.row]);
    this.#unwritten.leaves.push({ event: position, leaf: event.leaf });
    this.heads.set(stream, revision);
    return position;
  }

  /** Into the file, in the transaction that is open. */
  write(): void {
    const { rows, leaves } = this.#unwritten;
    this.#unwritten = nothing();
    this.statements.insert('events', rows);
    this.leaves.add(this.tree, leaves);
  }
}

const nothing = (): {
  readonly rows: [position: number, stream: string, revision: Revision, ...Row][];
  readonly leaves: NumberedLeaf[];
} => ({
  rows: [],
  leaves: [],
});

/** By these a later append is recognised as the same, or as the same command decided again. */
export const idsOf = (events: readonly Waiting[]): string[] =>
  events.flatMap(({ row: [id, , , metadata] }) => [id, (JSON.parse(metadata) as Partial<Metadata>).command?.id ?? id]);

/** Whether what is stored is what was sent, in whatever order the names of its fields stand. */
export const isSame = (stored: EventRow<number>, [id, type, ...sent]: Row): boolean =>
  stored.id === id &&
  stored.type === type &&
  [stored.data, stored.metadata].every((text, i) => text === sent[i] || canonicalText(text) === canonicalText(sent[i]!));

/** A damaged row is like no other: it is compared as it is. */
const canonicalText = (json: string): string => {
  try {
    return canonical(JSON.parse(json));
  } catch {
    return json;
  }
};
