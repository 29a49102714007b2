import { bounds, isDay, type Json } from '../kernel/index.js';
import type { FieldName, Mapping } from './import-mapping.js';

/** What the last import said of a field, and the fact that says so. */
interface SaidField {
  readonly value: Json;
  readonly event: string;
  readonly pointer: string;
}
/** What earlier imports said of one row. */
export interface SaidRow {
  readonly contract: string;
  readonly said: ReadonlyMap<FieldName, SaidField>;
  /** How many events they recorded of it. */
  readonly times: number;
}
export interface Said {
  readonly rows: ReadonlyMap<string, SaidRow>;
  /** The day of the last import that recorded anything. */
  readonly lastOn: string | undefined;
}

interface LogEvent {
  readonly id: string;
  readonly stream: string;
  readonly type: string;
  readonly data: Readonly<Record<string, Json>>;
  readonly metadata: { readonly effectiveOn: string };
}
/** Where the opening event of a contract says each field. */
export const POINTERS: Readonly<Record<FieldName, string>> = {
  title: '/title',
  description: '/description',
  procedure: '/procedure',
  buyer: '/buyer',
  awardedOn: '/awardedOn',
  startsOn: '/startsOn',
  endsOn: '/endsOn',
  value: '/value',
  supplier: '/suppliers/0/supplier',
};
const FIELD_NAMES = Object.keys(POINTERS) as readonly FieldName[];

interface Growing {
  readonly contract: string;
  readonly said: Map<FieldName, SaidField>;
  times: number;
}

/**
 * What earlier imports of a register said, from the log: their events share a correlation. What they only claimed counts as said, so that
 * nobody is asked again.
 */
export const recordedBefore = async ({ key: { scheme } }: Mapping, get: <T>(path: string) => Promise<T>): Promise<Said> => {
  const byStream = new Map<string, Growing>();
  const rows = new Map<string, SaidRow>();
  let lastOn: string | undefined;
  for (let cursor = ''; ;) {
    const path = `/events?correlation=${encodeURIComponent(`register:${scheme}`)}&limit=500${cursor}`;
    const { events, next } = await get<{ events: LogEvent[]; next?: string }>(path);
    for (const event of events) {
      const { latest } = bounds(event.metadata.effectiveOn);
      if (isDay(latest) && (lastOn === undefined || latest > lastOn)) lastOn = latest;
      const { stream, type, data } = event;
      if (type === 'ContractRecorded') {
        const row = { contract: stream.slice('contract-'.length), said: new Map<FieldName, SaidField>(), times: 0 };
        byStream.set(stream, row);
        const references = (data['references'] ?? []) as readonly { readonly scheme: string; readonly id: string }[];
        for (const reference of references) if (reference.scheme === scheme) rows.set(reference.id, row);
      }
      const row = byStream.get(stream);
      if (row) take(row, event);
    }
    if (next === undefined) return { rows, lastOn };
    cursor = `&cursor=${next}`;
  }
};

const take = (row: Growing, { id, type, data }: LogEvent): void => {
  const { said } = row;
  row.times++;
  const says = (field: FieldName, value: Json | undefined, pointer: string): void => {
    if (value !== undefined) said.set(field, { value, event: id, pointer });
  };
  /** The field that a fact says at a place. */
  const fieldAt = (event: unknown, pointer: unknown): FieldName | undefined =>
    FIELD_NAMES.find((field) => said.get(field)?.event === event && said.get(field)?.pointer === pointer);
  switch (type) {
    case 'ContractRecorded':
      for (const field of FIELD_NAMES) if (field !== 'supplier') says(field, data[field], POINTERS[field]);
      says('supplier', onlyIn(data['suppliers']), POINTERS.supplier);
      break;
    case 'ChangeApproved':
      says('value', data['to'], '/to');
      says('endsOn', data['endsOn'], '/endsOn');
      break;
    case 'ContractNovated':
      says('supplier', data['supplier'], '/supplier');
      break;
    case 'FactCorrected':
      for (const { pointer, value } of data['changes'] as readonly { readonly pointer: string; readonly value: Json }[]) {
        const field = fieldAt(data['event'], pointer);
        if (field) said.set(field, { ...said.get(field)!, value });
      }
      break;
    case 'FactAnnotated': {
      const claim = data['claim'] as { readonly pointer: string; readonly value: Json } | undefined;
      const field = claim && fieldAt(data['event'], claim.pointer);
      if (field) said.set(field, { ...said.get(field)!, value: claim.value });
    }
  }
};
const onlyIn = (suppliers: Json | undefined): Json | undefined => {
  const [only, ...others] = (suppliers ?? []) as readonly { readonly supplier: string }[];
  return others.length === 0 ? only?.supplier : undefined;
};
