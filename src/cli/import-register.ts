import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addDays, canonical, isAmount, minor, showAmount, type Amount, type Json } from '../kernel/index.js';
import { FIELDS, MappingError, type Ask, type FieldName, type Policy } from './import-mapping.js';
import { recordedBefore, type Said, type SaidRow } from './import-said.js';
import { DONE, RegisterLedger, type Believed, type LedgerOptions, type Outcome } from './register-ledger.js';
import { readRows, type Cell, type Row, type RowOutcome, type RowReport } from './register-rows.js';
import { freeId, Suppliers } from './register-suppliers.js';
import { InterruptedError } from './report.js';

export interface RegisterOptions extends LedgerOptions {
  readonly file: string;
  /** The day that the register is of, `YYYY-MM-DD`; today by the ledger unless set. */
  readonly on?: string;
  /** Asks what a changed cell means; without it what is to be asked is reported. */
  readonly ask?: Ask;
  readonly report?: string;
}

export interface RegisterReport {
  readonly rows: number;
  /** Columns that the mapping does not name: nothing was read of them. */
  readonly unknownColumns: readonly string[];
  readonly suppliers: number;
  readonly outcomes: Readonly<Record<RowOutcome, number>>;
  readonly reports: readonly RowReport[];
}

/** Rows that are sent at once. */
const CONNECTIONS = 8;
/** How long the projections may be behind, before what the last import said is read. */
const BEHIND_MS = 10_000;
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

class Run {
  readonly #ledger: RegisterLedger;
  readonly #suppliers = new Suppliers();
  readonly #contractIds = new Set<string>();
  /** The day that the register is of. */
  #on = '';

  constructor(
    private readonly o: RegisterOptions,
    private readonly reports: RowReport[],
  ) {
    this.#ledger = new RegisterLedger(o);
  }
  close(): void {
    this.#ledger.close();
  }
  /** Suppliers that the run registered. */
  get registered(): number {
    return this.#suppliers.registered;
  }

  async send(rows: readonly Row[], keys: ReadonlySet<string>): Promise<void> {
    const { programme } = this.o.mapping;
    const { status } = await this.#ledger.ask('GET', `/programmes/${programme}`);
    if (status !== 200) throw new MappingError(`No programme ${programme} is recorded at ${this.o.url}: charter it first.`);
    const said = await this.#lastSaid();
    await this.#suppliers.read((path) => this.#ledger.get(path));
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
      const { today, projections } = await this.#ledger.get<{ today: string; projections: { lag: number }[] }>('/projections');
      this.#on = this.o.on ?? today;
      if (projections.every(({ lag }) => lag === 0)) break;
      if (until.aborted) throw new InterruptedError('The projections of the server are behind: import later.');
      await sleep(50);
    }
    return recordedBefore(this.o.mapping, (path) => this.#ledger.get(path));
  }

  /** The id of the supplier that a row names, registered where nobody has the name; undefined where it names none, null where it is refused. */
  async #supplierOf(row: Row): Promise<string | undefined | null> {
    const cell = row.cells.get('supplier');
    if (!cell) return undefined;
    const name = cell.value as string;
    const found = this.#suppliers.named(name);
    if (found.length === 1) return found[0];
    const fault = { line: row.line, key: row.key, column: cell.column };
    if (found.length > 1) {
      this.reports.push({ ...fault, outcome: 'broken', why: `"${name}" may be ${found.join(' or ')}.` });
      return null;
    }
    const id = this.#suppliers.freeId(name);
    const body = { title: name, form: 'company', ...row.supplier, record: this.#record(row) };
    const outcome = await this.#ledger.post(`/suppliers/${id}/register-supplier`, body, 'supplier');
    if (outcome.status === 'refused') {
      this.reports.push({ ...fault, outcome: 'refused', why: outcome.why });
      return null;
    }
    this.#suppliers.add(id, name);
    return id;
  }

  #record({ line }: Row, effectiveOn: string = this.#on) {
    return { effectiveOn, evidence: [{ title: basename(this.o.file).slice(0, 200), paragraph: `line ${line}` }] };
  }

  async #sendRow(row: Row, supplier: string | undefined, said: Said): Promise<void> {
    const last = said.rows.get(row.key) ?? (await this.#elsewhere(row.key));
    if (!last) return this.#recordContract(row, supplier);
    const valueOf = (field: FieldName): Json => (field === 'supplier' ? supplier! : row.cells.get(field)!.value);
    const different = [...row.cells].filter(([field]) => !same(last.said.get(field)?.value, valueOf(field)));
    if (different.length === 0)
      return void this.reports.push({ line: row.line, key: row.key, contract: last.contract, outcome: 'unchanged' });
    const now = await this.#ledger.contract(last.contract);
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
    const { references } = await this.#ledger.get<{ references: { holders: { id: string }[] }[] }>(path);
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
      dryRun && this.#suppliers.isRegistered(supplier!)
        ? DONE
        : await this.#ledger.post(`/contracts/${contract}/record-contract`, body, 'new');
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
        : await this.#ledger.post(
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
    const on = this.#on;
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
      this.#came(
        row,
        last,
        'changed',
        terms,
        now,
        await this.#ledger.post(`/contracts/${last.contract}/approve-change`, body, `${last.times}`),
      );
    }
    for (const [field, cell] of cells.filter(([one]) => one === 'supplier')) {
      const body = { supplier: valueOf('supplier'), record };
      this.#came(row, last, 'changed', [[field, cell]], now, await this.#ledger.post(`/contracts/${last.contract}/novate-contract`, body, `${last.times}`)); // prettier-ignore
    }
  }

  /** The ledger goes on believing what it does: what the register says is kept alongside, as a claim. */
  async #claim(row: Row, last: SaidRow, field: FieldName, cell: Cell, value: Json, now: Believed): Promise<void> {
    const at = last.said.get(field) ?? now.firstAt(field);
    const body = {
      note: `The register says ${cell.text.slice(0, 200)} as "${cell.column.slice(0, 100)}".`,
      ...(at && { event: at.event, claim: { pointer: at.pointer, value } }),
      record: this.#record(row),
    };
    const outcome = await this.#ledger.post(`/contracts/${last.contract}/annotate`, body, `${last.times}`);
    this.#came(row, last, 'claimed', [[field, cell]], now, outcome);
  }
}

/** How a command names the supplier of a contract. */
const supplying = (supplier: string) => ({ suppliers: [{ supplier }] });

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
