import type { Assessment, Evidence, Headcount, Total, Value } from '../kernel/index.js';

/** What the rows of the projections hold, as far as the pages show it. */
export interface Trail {
  readonly lastDecision: {
    readonly decision: string;
    readonly command: string;
    readonly on: string;
    readonly reference: string | null;
  } | null;
  readonly evidence: string | null;
  readonly sources: number;
  readonly claims: readonly { readonly event: string; readonly pointer: string; readonly value: unknown; readonly source: string | null }[];
  readonly notes: readonly { readonly event: string | null; readonly note: string; readonly source: string | null }[];
  readonly daysLate: number;
  readonly corrections: number;
  readonly assessed: readonly Assessment[];
}
export interface Change {
  readonly event: string;
  readonly kind: string;
  readonly on: string;
  readonly from?: Value;
  readonly to?: Value;
  readonly statedFrom?: Value;
  readonly summary?: string;
  readonly ground?: string;
  readonly reference?: string;
  readonly figures?: Figures;
  readonly asStated?: Figures;
  readonly assessed?: readonly Assessment[];
}
export interface Figures {
  readonly stepOverOriginal: string;
  readonly stepOverCurrent: string;
  readonly cumulativeOverOriginal: string;
}
export interface LossLine {
  readonly loss: string;
  readonly title: string;
  readonly bearer: string;
  readonly gross: Value;
  readonly net: Value | null;
  readonly outstanding: Value | null;
}
export interface Noted {
  readonly warning?: string;
  readonly risk?: string;
  readonly by?: string;
  readonly answers?: readonly unknown[];
  readonly closed?: unknown;
  readonly summary: string;
  readonly source?: Evidence;
  readonly on: string;
}
interface WithSuppliers {
  readonly suppliers: readonly {
    readonly supplier: string;
    readonly name: string;
    readonly share?: string | number;
    readonly lot?: string;
    readonly role?: string;
    readonly leftOn?: string;
  }[];
  readonly supplierName: string | null;
}
export interface Party {
  readonly id: string;
  readonly name: string;
  /** Its share, its lot or its part, where there are several. */
  readonly part?: string | undefined;
}
/** With whom a contract stands: the only place that knows how a row names its suppliers. */
export const partiesOf = ({ suppliers }: Pick<WithSuppliers, 'suppliers'>): readonly Party[] =>
  suppliers.map(({ supplier, name, share, lot, role }) => {
    const part = [
      share !== undefined && `${share} %`,
      lot !== undefined && `lot ${lot}`,
      share === undefined && lot === undefined && suppliers.length > 1 && role,
    ]
      .filter(Boolean)
      .join(', ');
    return { id: supplier, name, part: part || undefined };
  });

export interface ContractEntry extends WithSuppliers {
  readonly contract: string;
  readonly programme: string | null;
  readonly title: string;
  readonly stage: string;
  readonly role: string;
  readonly towers: readonly string[];
  readonly original: Value;
  readonly ceiling: Value;
  readonly cumulative: string | null;
  readonly covers: string;
  readonly term: {
    readonly months?: number;
    readonly startsOn?: string;
    readonly ends: string | null;
    readonly endBasis?: string | null;
    readonly latestEnd: string | null;
    readonly agreedEndsOn?: string;
  };
  readonly perYear: (Value & { readonly divides: string }) | null;
  readonly options: readonly { readonly option: string; readonly months: number; readonly status: string }[];
  readonly changes: readonly Change[];
  readonly delays: readonly { readonly milestone: string; readonly from?: string; readonly to: string }[];
  readonly findings: readonly { readonly text: string }[];
  readonly becomes: (WithSuppliers & { readonly on: string }) | null;
  readonly pastEndSince: string | null;
  readonly people: { readonly planned: readonly Headcount[]; readonly moved: readonly Headcount[] };
  readonly losses: readonly LossLine[];
  readonly warnings: readonly Noted[];
  readonly risks: readonly Noted[];
  readonly trail: Trail;
  readonly counts: Readonly<Record<string, number>>;
}
export interface Lost {
  readonly gross: string;
  readonly net: string;
  readonly recovered: string;
  readonly outstanding: string;
}
/** Facts of a row as of a day that may lie on the other side of it. */
export interface Uncertain {
  readonly counts: { readonly inside: number; readonly leftOut: number };
}
export interface BoardRow {
  readonly tower?: string;
  readonly group: string;
  readonly title: string;
  readonly programme: string | null;
  readonly stage: string;
  readonly stageOf?: string | null;
  readonly needs?: readonly { readonly tower: string }[];
  readonly total?: Total & { readonly text: string };
  readonly contracts?: readonly ContractEntry[];
  readonly predecessors?: readonly { readonly tower: string; readonly title: string }[];
  readonly split?: object | null;
  readonly counts?: Readonly<Record<string, number>>;
  readonly warnings?: readonly Noted[];
  readonly risks?: readonly Noted[];
  readonly trail?: Trail;
  // of what another authority bears
  readonly loss?: string;
  readonly gross?: Value;
  readonly net?: Value | null;
  readonly supplierName?: string | null;
  readonly elsewhere?: { readonly authority: string; readonly programme?: string } | null;
}
export interface ProgrammeRow {
  readonly programme: string;
  readonly title: string;
  readonly authority: string;
  readonly baseCurrency: string;
  readonly strategies: readonly { readonly title: string; readonly published?: string; readonly reviewDue?: string }[];
  readonly portfolio: { readonly projects: number; readonly qualifier?: string; readonly on: string } | null;
  readonly savings: {
    readonly targets: readonly {
      readonly title: string;
      readonly amount?: Value;
      readonly percent?: number;
      readonly of?: string;
      readonly overMonths?: number;
      readonly recorded: string;
      readonly verified: string;
    }[];
  };
  readonly headcountTargets: readonly { readonly title: string; readonly text: string }[];
  readonly staff: readonly { readonly employer: string; readonly function: string; readonly text: string }[];
  readonly risks: readonly Noted[];
  readonly warnings: readonly Noted[];
  readonly budgets?: readonly {
    readonly year: string;
    readonly kind: string;
    readonly amount: Value;
    readonly was: Value | null;
    readonly counts: boolean;
  }[];
  readonly policies: readonly { readonly policy: string; readonly version: string; readonly title: string; readonly inForceFrom: string }[];
  readonly towers: number;
  readonly faultedStreams: number;
  readonly totals: Readonly<Record<'towers' | 'outside', Total & { readonly text: string; readonly contracts: number }>>;
  readonly losses: Readonly<Record<'authority' | 'supplier', Lost>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly trail: Trail;
}
export interface Duty {
  readonly kind: string;
  readonly programme: string | null;
  readonly contract: string | null;
  readonly title: string;
  readonly what: string;
  readonly due: string | null;
  readonly earliest: string | null;
  readonly latest: string | null;
}
export interface DecisionRow {
  readonly decision: string;
  readonly command: string;
  readonly stream: string;
  readonly recordedAt: string;
  readonly effectiveOn: string;
  readonly actor: string;
  readonly decidedBy: { readonly person: string; readonly office?: string } | null;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly assessed: readonly { readonly rule: string; readonly version: string; readonly result: string }[];
}
