import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { csvLines, type CsvLine } from '../csv.js';
import { addDays, canonical, isAmount, matchKey, minor, showAmount, type Amount, type Json } from '../kernel/index.js';
import { amountIn, dateIn, flagIn, textIn, type Read } from './import-cells.js';
import { FIELDS, MappingError, type Ask, type Column, type FieldName, type Mapping, type Policy, type SupplierField } from './import-mapping.js'; // prettier-ignore
import { LedgerClient, type Answer } from './ledger-client.js';
import { InterruptedError } from './report.js';
import { POINTERS, recordedBefore, type Said, type SaidRow } from './import-said.js';

export interface RegisterOptions {
  readonly file: string;
  readonly mapping: Mapping;
  readonly url: string;
  /** Who sends it, to a server that takes the caller's word; else their token says so. */
  readonly actor: string;
  readonly token?: string;
  /** The day that the register is of, `YYYY-MM-DD`. */
  readonly on: string;
  /** Records nothing: says what would be recorded, and what would be refused. */
  readonly dryRun?: boolean;
  /** Asks what a changed cell means; without it what is to be asked is reported. */
  readonly ask?: Ask;
  readonly report?: string;
  /** How long a server may stay away. */
  readonly patienceMs?: number;
}

export type RowOutcome = 'recorded' | 'corrected' | 'changed' | 'claimed' | 'unchanged' | 'asked' | 'refused' | 'broken' | 'vanished';
/** What became of a row, or of one of its columns. */
export interface RowReport {
  readonly line?: number;
  readonly key: string;
  readonly contract?: string;
  readonly column?: string;
  readonly outcome: RowOutcome;
  readonly was?: string;
  readonly is?: string;
  readonly why?: string;
}
export interface RegisterReport {
  readonly rows: number;
  /** Columns that the mapping does not name: nothing was read of them. */
  readonly unknownColumns: readonly string[];
  readonly suppliers: number;
  readonly outcomes: Readonly<Record<RowOutcome, number>>;
  readonly reports: readonly RowReport[];
}

/** Rows of a register at most: all are held in memory, and compared with what earlier imports said. */
export const MAX_ROWS = 50_000;
/** Rows that are sent at once. */
const CONNECTIONS = 8;
const PATIENCE_MS = 60_000;
/** How long the projections may be behind, before what the last import said is read. */
const BEHIND_MS = 10_000;
const MAX_TEXT: { readonly [F in FieldName]?: number } = { title: 200, description: 2000, procedure: 100, buyer: 300 };

interface Cell {
  readonly column: string;
  readonly changed: Policy;
  readonly text: string;
  readonly value: Json;
}
interface Row {
  readonly line: number;
  readonly key: string;
  readonly cells: ReadonlyMap<FieldName, Cell>;
  readonly supplier: Readonly<Partial<Record<SupplierField, Json>>>;
}

/**
 * Sends a register of contracts, a row each. A row is matched by its key, which is a reference of the contract; a new one is recorded, and of
 * a known one each cell that says something else than the last import did is corrected, changed or asked, as the mapping says. An empty cell
 * says nothing, and a row that is gone is reported and never withdrawn. A run that is repeated adds nothing.
 * @throws MappingError, NotCsvError before anything is sent; InterruptedError when the server stays away
 */
export const importRegister = async (options: RegisterOptions): Promise<RegisterReport> => {
  const { file, mapping } = options;
  const reports: RowReport[] = [];
  const { rows, unknownColumns, keys } = await readRows(file, mapping, reports);
  const run = new Run(options, reports);
  try {
    await run.send(rows, keys);
  } finally {
    run.close();
  }
  const inOrder = reports.sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
  if (options.report) await writeFile(options.report, inOrder.map((report) => `${JSON.stringify(report)}\n`).join(''));
  const outcomes = { recorded: 0, corrected: 0, changed: 0, claimed: 0, unchanged: 0, asked: 0, refused: 0, broken: 0, vanished: 0 };
  for (const { outcome } of inOrder) outcomes[outcome]++;
  return { rows: keys.size, unknownColumns, suppliers: run.registered, outcomes, reports: inOrder };
};

/** The header of a register. @throws NotCsvError, MappingError of a file without lines */
export const headerOf = async (file: string, delimiter?: string): Promise<readonly string[]> => {
  for await (const { cells } of csvLines(createReadStream(file), delimiter)) return cells;
  throw new MappingError(`${file} has no line.`);
};

const readRows = async (
  file: string,
  mapping: Mapping,
  reports: RowReport[],
): Promise<{ readonly rows: readonly Row[]; readonly unknownColumns: readonly string[]; readonly keys: ReadonlySet<string> }> => {
  let header: readonly string[] | undefined;
  const lines = new Map<string, CsvLine[]>();
  let count = 0;
  for await (const line of csvLines(createReadStream(file), mapping.delimiter)) {
    if (!header) {
      checkHeader((header = line.cells), mapping, file);
      continue;
    }
    if (++count > MAX_ROWS) throw new MappingError(`${file} has more than ${MAX_ROWS} rows: send it in parts.`);
    const key = line.cells[header.indexOf(mapping.key.column)] ?? '';
    lines.set(key, [...(lines.get(key) ?? []), line]);
  }
  if (!header) throw new MappingError(`${file} has no line.`);
  const rows: Row[] = [];
  for (const [key, same] of lines) {
    const broken = (line: number, column: string, why: string) => reports.push({ line, key, column, outcome: 'broken', why });
    const { column } = mapping.key;
    if (key === '' || key.length > 200) {
      for (const { line } of same) broken(line, column, key === '' ? 'The row has no key.' : 'The key has more than 200 characters.');
    } else if (same.length > 1) {
      for (const { line } of same) broken(line, column, `${key} stands in lines ${same.map((one) => one.line).join(' and ')}.`);
    } else {
      const row = rowOf(same[0]!, key, header, mapping, (...fault) => broken(same[0]!.line, ...fault));
      if (row) rows.push(row);
    }
  }
  const known = new Set([mapping.key.column, ...Object.keys(mapping.columns)]);
  const unknownColumns = header.filter((name) => name !== '' && !known.has(name));
  return { rows, unknownColumns, keys: new Set(lines.keys()) };
};

const checkHeader = (header: readonly string[], { key, columns }: Mapping, file: string): void => {
  const missing = [key.column, ...Object.keys(columns)].filter((name) => !header.includes(name));
  if (missing.length > 0)
    throw new MappingError(`${file} has no column ${missing.map((name) => `"${name}"`).join(', ')}: it has ${header.join(', ')}.`);
  const twice = header.find((name, i) => name !== '' && header.indexOf(name) < i);
  if (twice !== undefined) throw new MappingError(`${file} has two columns "${twice}".`);
};

/** Undefined where a cell cannot be read: then nothing of the row is sent. */
const rowOf = (
  { line, cells }: CsvLine,
  key: string,
  header: readonly string[],
  mapping: Mapping,
  broken: (column: string, why: string) => void,
): Row | undefined => {
  let isBroken = false;
  const no = (column: string, why: string): void => {
    isBroken = true;
    broken(column, why);
  };
  if (cells.length > header.length) no(header.at(-1)!, `The row has ${cells.length} cells, and the header ${header.length}.`);
  const of = new Map<FieldName, Cell>();
  const supplier: Partial<Record<SupplierField, Json>> = {};
  for (const [i, column] of header.entries()) {
    const mapped = mapping.columns[column];
    const text = cells[i] ?? '';
    if (text.includes('\ufffd')) no(column, `"${text.slice(0, 60)}" is not in UTF-8: save the file as CSV UTF-8.`);
    if (!mapped || text === '' || mapping.nothing.includes(matchKey(text))) continue;
    const read = readCell(mapped.field, text, mapping);
    if ('why' in read) no(column, `"${text.slice(0, 60)}" ${read.why}.`);
    else if (isContractField(mapped)) of.set(mapped.field, { column, changed: mapped.changed, text, value: read.value });
    else supplier[mapped.field as SupplierField] = read.value;
  }
  return isBroken ? undefined : { line, key, cells: of, supplier };
};
const isContractField = (column: Column): column is Column & { readonly field: FieldName } => Object.hasOwn(FIELDS, column.field);
const readCell = (field: Column['field'], text: string, mapping: Mapping): Read<Json> => {
  switch (field) {
    case 'value':
      return amountIn(text, mapping);
    case 'startsOn':
    case 'endsOn':
    case 'awardedOn':
      return dateIn(text, mapping);
    case 'sme':
    case 'vcse':
      return flagIn(text);
    case 'registration':
      return textIn(text, 60);
    default:
      return textIn(text, MAX_TEXT[field] ?? 200);
  }
};

interface SupplierEvents {
  readonly events: readonly {
    readonly stream: string;
    readonly data: { readonly title?: string; readonly alias?: string; readonly aliases?: readonly string[]; readonly into?: string };
  }[];
  readonly next?: string;
}
/** Where a chain of mergers ends; one that goes round ends where it began. */
const lastIn = (into: ReadonlyMap<string, string>, id: string): string => {
  const seen = new Set([id]);
  for (let last = id; ;) {
    const next = into.get(last);
    if (next === undefined || seen.has(next)) return last;
    seen.add((last = next));
  }
};

/** What a command came to. */
type Outcome = { readonly status: 'done' } | { readonly status: 'refused'; readonly why: string; readonly pointer?: string | undefined };
const DONE: Outcome = { status: 'done' };

class Run {
  readonly #ledger: LedgerClient;
  /** Name → the suppliers that have or had it; of one that merged into another, that other. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #supplierIds = new Set<string>();
  readonly #contractIds = new Set<string>();
  readonly #newSuppliers = new Set<string>();

  constructor(
    private readonly o: RegisterOptions,
    private readonly reports: RowReport[],
  ) {
    const { token, actor, mapping } = o;
    const sender: Record<string, string> = token ? { authorization: `Bearer ${token}` } : { 'x-actor': actor };
    this.#ledger = new LedgerClient(o.url, { ...sender, 'x-correlation-id': this.#correlation(mapping) }, PATIENCE_MS);
  }
  #correlation({ key: { scheme } }: Mapping): string {
    return `register:${scheme}`;
  }
  close(): void {
    this.#ledger.close();
  }
  /** Suppliers that the run registered. */
  get registered(): number {
    return this.#newSuppliers.size;
  }

  async send(rows: readonly Row[], keys: ReadonlySet<string>): Promise<void> {
    const { programme } = this.o.mapping;
    const { status } = await this.#ask('GET', `/programmes/${programme}`);
    if (status !== 200) throw new MappingError(`No programme ${programme} is recorded at ${this.o.url}: charter it first.`);
    const said = await this.#lastSaid();
    await this.#readSuppliers();
    const named: { readonly row: Row; readonly supplier: string | undefined }[] = [];
    for (const row of rows) {
      const supplier = await this.#supplierOf(row);
      if (supplier !== null) named.push({ row, supplier });
    }
    for (const { contract } of said.rows.values()) this.#contractIds.add(contract);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < named.length) {
        const { row, supplier } = named[next++]!;
        await this.#sendRow(row, supplier, said);
      }
    };
    // questions come one at a time
    await Promise.all(Array.from({ length: this.o.ask ? 1 : CONNECTIONS }, work));
    for (const [key, { contract }] of said.rows)
      if (!keys.has(key)) this.reports.push({ key, contract, outcome: 'vanished', why: 'The register has no such row any more: nothing was withdrawn.' }); // prettier-ignore
  }

  /** What earlier imports of this register said, by key, once all of it can be found. */
  async #lastSaid(): Promise<Said> {
    const until = AbortSignal.timeout(BEHIND_MS);
    for (;;) {
      const { projections } = await this.#get<{ projections: { lag: number }[] }>('/projections');
      if (projections.every(({ lag }) => lag === 0)) break;
      if (until.aborted) throw new InterruptedError('The projections of the server are behind: import later.');
      await sleep(50);
    }
    return recordedBefore(this.o.mapping, (path) => this.#get(path));
  }

  async #readSuppliers(): Promise<void> {
    const add = (id: string, name: string): void => {
      this.#supplierIds.add(id);
      const key = matchKey(name);
      const same = this.#names.get(key) ?? [];
      if (!same.includes(id)) this.#names.set(key, [...same, id]);
    };
    type Page = { rows: { supplier: string; title: string }[]; next?: string };
    for (let cursor = ''; ;) {
      const { rows, next } = await this.#get<Page>(`/projections/exposure?kind=supplier&limit=500${cursor}`);
      for (const { supplier, title } of rows) add(supplier, title);
      if (next === undefined) break;
      cursor = `&cursor=${next}`;
    }
    const into = new Map<string, string>();
    for (const type of ['SupplierRegistered', 'SupplierRenamed', 'AliasAdded', 'SupplierMerged'])
      for (let cursor = ''; ;) {
        const { events, next } = await this.#get<SupplierEvents>(`/events?type=${type}&limit=500${cursor}`);
        for (const { stream, data } of events) {
          const id = idIn(stream);
          for (const name of [data.title, data.alias, ...(data.aliases ?? [])])
            if (name !== undefined && this.#supplierIds.has(id)) add(id, name);
          if (data.into !== undefined) into.set(id, data.into);
        }
        if (next === undefined) break;
        cursor = `&cursor=${next}`;
      }
    for (const [key, same] of this.#names) {
      this.#names.set(key, [...new Set(same.map((id) => lastIn(into, id)))]);
    }
  }

  /** The id of the supplier that a row names, registered where nobody has the name; undefined where it names none, null where it is refused. */
  async #supplierOf(row: Row): Promise<string | undefined | null> {
    const cell = row.cells.get('supplier');
    if (!cell) return undefined;
    const name = cell.value as string;
    const found = this.#names.get(matchKey(name)) ?? [];
    if (found.length === 1) return found[0];
    const fault = { line: row.line, key: row.key, column: cell.column };
    if (found.length > 1) {
      this.reports.push({ ...fault, outcome: 'broken', why: `"${name}" may be ${found.join(' or ')}.` });
      return null;
    }
    const id = freeId(name, (one) => this.#supplierIds.has(one));
    const body = { title: name, form: 'company', ...row.supplier, record: this.#record(row) };
    const outcome = await this.#post(`/suppliers/${id}/register-supplier`, body, 'supplier');
    if (outcome.status === 'refused') {
      this.reports.push({ ...fault, outcome: 'refused', why: outcome.why });
      return null;
    }
    this.#newSuppliers.add(id);
    this.#supplierIds.add(id);
    this.#names.set(matchKey(name), [id]);
    return id;
  }

  #record({ line }: Row, effectiveOn: string = this.o.on) {
    return { effectiveOn, evidence: [{ title: basename(this.o.file).slice(0, 200), paragraph: `line ${line}` }] };
  }

  async #sendRow(row: Row, supplier: string | undefined, said: Said): Promise<void> {
    const last = said.rows.get(row.key) ?? (await this.#elsewhere(row.key));
    if (!last) return this.#recordContract(row, supplier);
    const valueOf = (field: FieldName): Json => (field === 'supplier' ? supplier! : row.cells.get(field)!.value);
    const different = [...row.cells].filter(([field]) => !same(last.said.get(field)?.value, valueOf(field)));
    if (different.length === 0)
      return void this.reports.push({ line: row.line, key: row.key, contract: last.contract, outcome: 'unchanged' });
    const now = await this.#contract(last.contract);
    if (!now) return void this.reports.push({ line: row.line, key: row.key, contract: last.contract, outcome: 'refused', why: `${last.contract} has been withdrawn, or is a duplicate.` }); // prettier-ignore
    const todo: Record<Exclude<Policy, 'ask'> | 'claim', [FieldName, Cell][]> = { correct: [], change: [], claim: [] };
    let reported = 0;
    for (const [field, cell] of different) {
      if (same(now.get(field), valueOf(field))) continue; // somebody recorded it already
      const was = now.get(field);
      const policy = isKnown(was) ? cell.changed : 'correct'; // nothing said it until now
      const answer = policy === 'ask' ? await this.#asked(row, field, cell, was) : policy;
      if (answer !== 'ask') {
        todo[answer].push([field, cell]);
        continue;
      }
      reported++;
      this.#say(row, last, 'asked', cell, was, 'Was it wrong, or has it changed?');
    }
    for (const [field, cell] of todo.correct) await this.#correct(row, last, field, cell, valueOf(field), now);
    await this.#change(row, last, todo.change, valueOf, now, said.lastOn);
    for (const [field, cell] of todo.claim) await this.#claim(row, last, field, cell, valueOf(field), now);
    if (reported + todo.correct.length + todo.change.length + todo.claim.length === 0)
      this.reports.push({ line: row.line, key: row.key, contract: last.contract, outcome: 'unchanged' });
  }

  async #asked(row: Row, field: FieldName, cell: Cell, was: Json | undefined): Promise<Policy | 'claim'> {
    if (!this.o.ask) return 'ask';
    const allowed = (FIELDS[field].allowed as readonly Policy[]).filter((policy) => policy !== 'ask');
    const question = `Line ${row.line}, ${row.key}: "${cell.column}" was ${shownAs(was) ?? 'not known'}, and is ${cell.text}.`;
    const answer = await this.o.ask(question, [...allowed, 'claim', 'later'], 'later');
    return answer === 'later' ? 'ask' : (answer as Policy | 'claim');
  }

  #say(row: Row, { contract }: SaidRow, outcome: RowOutcome, { column, text }: Cell, was: Json | undefined, why?: string): void {
    const shown = shownAs(was);
    this.reports.push({ line: row.line, key: row.key, contract, column, outcome, ...(shown !== undefined && { was: shown }), is: text, ...(why && { why }) }); // prettier-ignore
  }
  #came(row: Row, last: SaidRow, done: RowOutcome, cells: readonly [FieldName, Cell][], now: Believed, outcome: Outcome): void {
    for (const [field, cell] of cells) {
      if (outcome.status === 'done') this.#say(row, last, done, cell, now.get(field));
      else this.#say(row, last, 'refused', cell, now.get(field), outcome.why);
    }
  }

  /** A contract that has the reference, and that no import of this register recorded. */
  async #elsewhere(key: string): Promise<SaidRow | undefined> {
    const { scheme } = this.o.mapping.key;
    const path = `/references?category=contract&scheme=${encodeURIComponent(scheme)}&id=${encodeURIComponent(key)}`;
    const { references } = await this.#get<{ references: { holders: { id: string }[] }[] }>(path);
    const contract = references[0]?.holders[0]?.id;
    return contract === undefined ? undefined : { contract, said: new Map(), times: 0 };
  }

  async #recordContract(row: Row, supplier: string | undefined): Promise<void> {
    const { mapping, dryRun } = this.o;
    const missing = (['title', 'supplier'] as const).find((field) => !row.cells.has(field));
    if (missing !== undefined) {
      const column = Object.entries(mapping.columns).find(([, mapped]) => mapped?.field === missing)![0];
      return void this.reports.push({ line: row.line, key: row.key, column, outcome: 'broken', why: `A contract has a ${missing}: the cell is empty.` }); // prettier-ignore
    }
    const contract = freeId(`${mapping.programme}-${row.key}`, (id) => this.#contractIds.has(id));
    this.#contractIds.add(contract);
    const texts = Object.fromEntries([...row.cells].filter(([field]) => field !== 'supplier').map(([field, { value }]) => [field, value]));
    const body = {
      programme: mapping.programme,
      stage: mapping.stage,
      role: mapping.role,
      value: { unknown: true },
      vat: mapping.vat,
      ...texts,
      ...supplying(supplier!),
      references: [{ scheme: mapping.key.scheme, id: row.key }],
      record: this.#record(row),
    };
    // In a dry run its supplier may not be there yet.
    const outcome =
      dryRun && this.#newSuppliers.has(supplier!) ? DONE : await this.#post(`/contracts/${contract}/record-contract`, body, 'new');
    if (outcome.status === 'done') return void this.reports.push({ line: row.line, key: row.key, contract, outcome: 'recorded' });
    const field = outcome.pointer?.split('/')[1];
    const column = Object.entries(mapping.columns).find(([, mapped]) => mapped?.field === field)?.[0];
    this.reports.push({ line: row.line, key: row.key, ...(column && { column }), outcome: 'refused', why: outcome.why });
  }

  async #correct(row: Row, last: SaidRow, field: FieldName, cell: Cell, value: Json, now: Believed): Promise<void> {
    const at = last.said.get(field) ?? now.firstAt(field);
    const outcome: Outcome =
      at === undefined
        ? { status: 'refused', why: 'No fact of the contract says it: record it by a command.' }
        : await this.#post(
            `/contracts/${last.contract}/correct-fact`,
            { event: at.event, changes: [{ pointer: at.pointer, value }], because: 'error', record: this.#record(row) },
            `${last.times}`,
          );
    this.#came(row, last, 'corrected', [[field, cell]], now, outcome);
  }

  /** A value and an end that change together are one change. */
  async #change(
    row: Row,
    last: SaidRow,
    cells: readonly [FieldName, Cell][],
    valueOf: (field: FieldName) => Json,
    now: Believed,
    lastOn: string | undefined,
  ): Promise<void> {
    const { on } = this.o;
    const from = lastOn === undefined ? on : addDays(lastOn, 1); // on the day of the last import it was as that said
    const between = from < on ? `[${from}..${on}]` : on;
    const record = this.#record(row, between);
    const terms = cells.filter(([field]) => field === 'value' || field === 'endsOn');
    if (terms.length > 0) {
      const has = (field: FieldName) => terms.some(([one]) => one === field);
      const body = {
        kind: has('value') ? 'value' : 'term',
        ...(has('value') && { to: valueOf('value') }),
        ...(has('endsOn') && { endsOn: valueOf('endsOn') }),
        record,
      };
      this.#came(row, last, 'changed', terms, now, await this.#post(`/contracts/${last.contract}/approve-change`, body, `${last.times}`));
    }
    for (const [field, cell] of cells.filter(([one]) => one === 'supplier')) {
      const body = { supplier: valueOf('supplier'), record };
      this.#came(row, last, 'changed', [[field, cell]], now, await this.#post(`/contracts/${last.contract}/novate-contract`, body, `${last.times}`)); // prettier-ignore
    }
  }

  /** The ledger goes on believing what it does: what the register says stands beside it. */
  async #claim(row: Row, last: SaidRow, field: FieldName, cell: Cell, value: Json, now: Believed): Promise<void> {
    const at = last.said.get(field) ?? now.firstAt(field);
    const body = {
      note: `The register says ${cell.text.slice(0, 200)} as "${cell.column.slice(0, 100)}".`,
      ...(at && { event: at.event, claim: { pointer: at.pointer, value } }),
      record: this.#record(row),
    };
    const outcome = await this.#post(`/contracts/${last.contract}/annotate`, body, `${last.times}`);
    this.#came(row, last, 'claimed', [[field, cell]], now, outcome);
  }

  /** Undefined where all of it has been withdrawn. */
  async #contract(id: string): Promise<Believed | undefined> {
    const answer = await this.#ask('GET', `/contracts/${id}`);
    if (answer.status === 404 || answer.status === 410) return undefined;
    const { state } = this.#read<{ state: Readonly<Record<string, Json>> }>(answer, id);
    const { entries } = await this.#get<{ entries: readonly HistoryEntry[] }>(`/contracts/${id}/history?limit=1`);
    return new Believed(state, entries[0]);
  }

  /** @param once tells two commands of the same words apart, the second of which is another decision */
  async #post(path: string, body: object, once: string): Promise<Outcome> {
    const { mapping, dryRun } = this.o;
    const key = `register-${hash('sha256', canonical([mapping.key.scheme, path, body as Json, once])).slice(0, 40)}`;
    const answer = await this.#ask('POST', `${path}${dryRun ? '?dryRun=true' : ''}`, JSON.stringify(body), dryRun ? undefined : key);
    if (answer.status === 200 || answer.status === 201) return DONE;
    if (answer.status >= 500) throw new InterruptedError(`${this.o.url} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    const { detail, errors, title } = JSON.parse(answer.text) as { detail?: string; title?: string; errors?: { pointer?: string; detail?: string }[] }; // prettier-ignore
    const [first] = errors ?? [];
    return { status: 'refused', why: detail ?? first?.detail ?? title ?? String(answer.status), pointer: first?.pointer };
  }

  async #get<T>(path: string): Promise<T> {
    return this.#read<T>(await this.#ask('GET', path), path);
  }
  #read<T>(answer: Answer, path: string): T {
    if (answer.status !== 200) throw new InterruptedError(`${this.o.url} answered ${answer.status} to ${path}: ${answer.text.slice(0, 300)}`); // prettier-ignore
    return JSON.parse(answer.text) as T;
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: string, key?: string): Promise<Answer> {
    let patience: AbortSignal | undefined;
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      let why: unknown;
      const answer = await this.#ledger.ask(method, path, body, key).catch((error: unknown) => void (why = error));
      if (answer && [401, 403, 429].includes(answer.status))
        throw new InterruptedError(`${this.o.url} does not take the token: ${answer.text}`);
      if (answer && ![502, 503, 504].includes(answer.status)) return answer;
      if (answer) why = `${answer.status} ${answer.text}`;
      patience ??= AbortSignal.timeout(this.o.patienceMs ?? PATIENCE_MS);
      if (patience.aborted) throw new InterruptedError(`${this.o.url} does not answer: ${String(why)}`);
      await sleep(wait);
    }
  }
}

/** How a command names the supplier of a contract. */
const supplying = (supplier: string) => ({ suppliers: [{ supplier }] });

interface HistoryEntry {
  readonly event: string;
}
/** What the ledger believes of a contract now. */
class Believed {
  constructor(
    private readonly state: Readonly<Record<string, any>>, // eslint-disable-line @typescript-eslint/no-explicit-any -- JSON of the server
    private readonly first: HistoryEntry | undefined,
  ) {}

  get(field: FieldName): Json | undefined {
    const { state } = this;
    switch (field) {
      case 'value':
        return state['ceiling'] as Json;
      case 'endsOn':
      case 'startsOn':
        return state['term']?.[field] as Json | undefined;
      case 'awardedOn':
        return state['dates']?.awarded as Json | undefined;
      case 'supplier':
        return soleSupplier(state['suppliers']);
      default:
        return state[field] as Json | undefined;
    }
  }
  /** Where the first fact of the contract says it, or could: the ledger refuses what it could not. */
  firstAt(field: FieldName): { readonly event: string; readonly pointer: string } | undefined {
    return this.first && { event: this.first.event, pointer: POINTERS[field] };
  }
}

/** Of several that are suppliers now there is no one. */
const soleSupplier = (suppliers: readonly { readonly supplier: string; readonly leftOn?: string }[] = []): string | undefined => {
  const ids = new Set(suppliers.flatMap(({ supplier, leftOn }) => (leftOn === undefined ? [supplier] : [])));
  return ids.size > 1 ? [...ids].join(', ') : [...ids][0];
};

/** Amounts are compared as figures, everything else as text. */
const same = (a: Json | undefined, b: Json): boolean => {
  if (a === undefined) return false;
  if (isMoney(a) && isMoney(b)) return isAmount(a) && isAmount(b) && a.currency === b.currency && (a.qualifier ?? 'exact') === (b.qualifier ?? 'exact') && minor(a) === minor(b); // prettier-ignore
  return canonical(a) === canonical(b);
};
/** An absent value is known to be unknown. */
const isKnown = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && !(typeof value === 'object' && 'unknown' in value);
const isMoney = (value: Json): value is Amount & Json => typeof value === 'object' && value !== null && 'amount' in value;
const shownAs = (value: Json | undefined): string | undefined =>
  value === undefined ? undefined : isMoney(value) ? showAmount(value) : typeof value === 'string' ? value : JSON.stringify(value);

const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
/** An id of the words of a text that nobody has; with a part of the text's hash where it had to be cut or is taken. */
export const freeId = (text: string, isTaken: (id: string) => boolean): string => {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (plain !== '' && plain.length <= 64 && !isTaken(plain)) return plain;
  return `${(plain || 'x').slice(0, 50).replace(/-+$/, '')}-${hash('sha256', text).slice(0, 12)}`;
};
