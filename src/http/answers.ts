import type { Identified } from '../../projections/identifiers.js';
import type { Vat } from '../../projections/vat.js';
import type { historyPage, Replay, stateView } from '../engine/audit/audit.js';
import type { WholeDossier } from '../engine/audit/dossier.js';
import type { ReplayLine as Line } from '../engine/audit/replays.js';
import type { Since } from '../engine/audit/rules.js';
import type { Why } from '../engine/audit/why.js';
import type { Adds, Opened } from '../engine/read/contributions-to.js';
import type { ProjectionStatus } from '../engine/read/projector.js';
import type { Uncertain } from '../engine/read/rows/rows-on-day.js';
import type { SearchHit } from '../engine/read/search.js';
import type { Receipt as Handled } from '../engine/write/receipt.js';
import type { Json, RecordedEvent, Sum, Total } from '../kernel/index.js';
import type { Refusal } from '../refusals/refusal.js';
import type { DecisionRow, Totals } from './find-decisions.js';
import type { NamedBy } from './named-by.js';

// What the server answers with. `npm run schemas` makes a component of the description of the API of each type that is exported here.

/** What an answer is true for: a prefix of the log, and the day that was asked for. */
export interface AsOf {
  /** Null before the first event. */
  readonly position: string | null;
  readonly recordedAt?: string;
  /** Whether nothing that is recorded later can change the answer. */
  readonly final: boolean;
  readonly effectiveOn?: string;
}

/** The answer to a command. */
export interface Receipt extends Omit<Handled, 'outcome'> {
  readonly outcome: Exclude<Handled['outcome'], 'replayed'>;
  /** Where all that was recorded of it is withdrawn: the streams of others that name it. */
  readonly namedBy?: NamedBy;
}

/** The state of an aggregate. */
export interface StateAnswer extends Omit<ReturnType<typeof stateView>, 'state'> {
  /** Of the last event that it holds. */
  readonly position: string;
  readonly recordedAt: string;
  /** Where another point of the recorded clock was asked for. */
  readonly asOf?: AsOf;
  readonly effectiveOn?: string;
  readonly state: object;
  /**
   * Where the answer would be longer than 64 KB: by JSON Pointer, how many items there are of each list of which it has the newest 20, such as
   * `/state/changes`.
   */
  readonly counts?: Readonly<Record<string, number>>;
}

type HistoryParts = Omit<Awaited<ReturnType<typeof historyPage>>, 'next'>;
/** A page of a history. */
export interface HistoryPage extends HistoryParts {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly asOf?: AsOf;
  readonly next?: string;
}
/** Why a field is as it is: the events that set it. */
export interface WhyPage extends Omit<Why, 'next'> {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly asOf?: AsOf;
  readonly next?: string;
}

export interface EventPage {
  readonly asOf: AsOf;
  readonly events: readonly RecordedEvent[];
  readonly next?: string;
}

/** Who has an identifier of another system. */
export interface References {
  readonly references: readonly Identified[];
}

/** One decision, with all that belongs to it. */
export interface Dossier extends WholeDossier {
  readonly asOf: AsOf;
  /** Where each of its events is proven to be in the ledger. */
  readonly proof: readonly { readonly event: string; readonly href: string }[];
}
/** A decision in a list, with what became of its events and of its rules since. */
export interface ListedDecision extends Omit<DecisionRow, 'assessed'> {
  readonly assessed: readonly (DecisionRow['assessed'][number] & Partial<Since>)[];
}
/** Decisions, newest first. */
export interface DecisionPage {
  readonly asOf: AsOf;
  readonly totals?: Totals;
  readonly decisions: readonly ListedDecision[];
  readonly next?: string;
}

/** A decision replayed against what was known. */
export type ReplayAnswer = Replay;

/** How many decisions came out how; `ended` says why, where it is not the end of what was asked. */
export interface ReplaySummary {
  readonly replayed: number;
  readonly same: number;
  readonly differs: number;
  readonly refused: number;
  readonly failed: number;
  /** The ledger up to this position was replayed. */
  readonly position: string | null;
  readonly ended?: string;
}
/** What came of replaying one decision of many. */
export type ReplayLine = Line;
/** For the address of one stream: `?ticket=…`, once. */
export interface StreamTicket {
  readonly ticket: string;
  readonly path: string;
  readonly expiresAt: string;
}
/** The last line of replays. */
export interface ReplayEnd {
  readonly summary: ReplaySummary;
}

/** What one stream adds to a total, and the address of its own "why". */
export interface Contributing extends Omit<Adds, 'field'> {
  readonly why?: string;
}
/** What a total of a row adds up. */
export interface OpenedTotal extends Omit<Opened, 'contributions' | 'total'> {
  readonly projection: string;
  readonly key: string;
  readonly asOf: AsOf;
  readonly field: string;
  /** As the row shows it. */
  readonly value: Json;
  /** Its amounts: each says its VAT where they differ in it. */
  readonly total: Omit<Total, 'amounts'> & { readonly amounts: readonly (Sum & { readonly vat?: Vat })[] };
  readonly count: number;
  readonly contributions: readonly Contributing[];
  readonly next?: string;
}

/** Where words were found. */
export interface FoundEvent extends Omit<SearchHit, 'stream'> {
  readonly category: string;
  readonly id: string;
  /** Where the aggregate is read. */
  readonly href: string;
}
/** Events that have the words, newest first. */
export interface SearchPage {
  readonly q: string;
  readonly hits: readonly FoundEvent[];
  readonly next?: string;
  /** What is recorded up to here is found. */
  readonly position: string | null;
  /** Events that are recorded and not found yet. */
  readonly lag: number;
}

export interface ProjectionList {
  /** In the time zone of the ledger. */
  readonly today: string;
  readonly projections: readonly (ProjectionStatus & {
    readonly filters: readonly string[];
    /** Columns that its rows may be sorted by. */
    readonly sorts: readonly string[];
    /** Kind of row → the names of its lists. */
    readonly lists: { readonly [kind: string]: readonly string[] };
    /** Events that are recorded and not in its rows yet. */
    readonly lag: number;
  })[];
}

/** What was refused, with the sentence of its code. */
export interface RememberedRefusal extends Refusal {
  readonly title: string;
}
/** How many refusals there are: each, however many stand in one line. */
export interface RefusalTotals {
  readonly refusals: number;
  readonly byStatus: { readonly [status: string]: number };
  /** The 100 people, commands and codes with the most. */
  readonly byActor: { readonly [person: string]: number };
  readonly byCommand: { readonly [command: string]: number };
  readonly byRule: { readonly [code: string]: number };
  /** False where more lines would have to be read than one answer may: then these are of the newest ones. */
  readonly complete: boolean;
}
/** Refusals, newest first. */
export interface RefusalPage {
  /** `node`: what this node refused, since each remembers its own. `ledger`: there is no other node. */
  readonly scope: 'ledger' | 'node';
  /** The oldest go after so many days, or beyond so many megabytes. */
  readonly keptDays: number;
  readonly keptMegabytes: number;
  /** Refusals since the start of the node of which nothing is remembered, since they could not be written. */
  readonly unremembered: number;
  /** Why refusals cannot be written for now. */
  readonly failing?: string;
  readonly totals?: RefusalTotals;
  readonly refusals: readonly RememberedRefusal[];
  readonly next?: string;
}

interface Shown {
  readonly projection: string;
  readonly version: number;
  /** Positions of one generation mean the same rows. */
  readonly generation: string;
  readonly asOf: AsOf;
}
/** In a row with a stream that cannot be folded: it is as of the position before. */
export interface RowFault {
  readonly stream: string;
  readonly position: string;
  readonly event: string;
  readonly error: string | null;
}
/** A page of rows. */
export interface RowPage extends Shown {
  readonly lag: number;
  readonly rows: readonly object[];
  readonly next?: string;
  /** What all rows that pass the filters come to. */
  readonly totals?: object;
}
/** One row, as it stands at a point of both clocks. */
export interface RowAnswer extends Shown {
  readonly key: string;
  readonly row: object;
  readonly uncertain?: Uncertain;
}
/** A page of a list of a row. */
export interface ListAnswer extends Shown {
  readonly key: string;
  readonly list: string;
  readonly entries: readonly unknown[];
  readonly next?: string;
}

/** One message of a stream of updates, as its `data`. */
export interface UpdateMessage {
  readonly position: string;
  readonly event: string;
  readonly decision: string;
  readonly type: string;
  readonly stream: string;
  /** Of how many events the changes are, where it is not one. */
  readonly events?: number;
  /** The rows that it changed, by their key; null is a row that is gone. */
  readonly changes: { readonly [key: string]: object | null };
}
/** Where a client stands that begins to follow, or has to read the rows again. */
export interface StandingMessage {
  readonly generation: string;
  readonly position: string;
  readonly reason?: 'another-generation' | 'another-event' | 'beyond-the-log' | 'no-event' | 'too-many-rows';
}
/** Another day has begun in the ledger's time zone: rows that look at the day are to be read again. */
export interface DayMessage {
  /** `YYYY-MM-DD` */
  readonly day: string;
}
/** Why a stream ends. */
export interface EndMessage {
  readonly reason: string;
}

/** That an event is in the ledger. Hashes are in hexadecimal. */
export interface InclusionProof {
  readonly event: string;
  readonly leaf: string;
  /** Its place in the tree, from 0. */
  readonly index: number;
  readonly size: number;
  readonly root: string;
  readonly proof: readonly string[];
  /** The signed note of the newest checkpoint. */
  readonly checkpoint: string;
}
/** That a newer tree begins with an older one: sizes, their roots, and hashes in hexadecimal. */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly roots: { readonly from: string; readonly to: string };
  readonly proof: readonly string[];
  /** The signed note of the newest checkpoint. */
  readonly checkpoint: string;
}

export interface Alive {
  readonly alive: true;
}
/** What readiness is made of. */
export interface Ready {
  readonly ready: true;
  readonly store: 'answers';
  /** Why appends are refused for a while. */
  readonly refusing?: string;
  /** The log has the history that was signed. */
  readonly proof: 'agrees';
  readonly clock: 'trusted';
  readonly projections: readonly {
    readonly name: string;
    readonly state: ProjectionStatus['state'];
    readonly lag: number;
    /** Streams that it cannot show. */
    readonly faulted: number;
  }[];
  readonly replica?: {
    readonly sequence: number;
    readonly root: string;
    readonly connected: boolean;
    readonly ageSeconds: number | null;
    readonly faulted?: {
      readonly count: number;
      readonly streams: readonly { readonly stream: string; readonly kind: string; readonly reason: string }[];
    };
    readonly incomplete?: string;
    readonly broken?: string;
  };
}
