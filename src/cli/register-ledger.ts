import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type AnyJson, type Json } from '../kernel/index.js';
import type { FieldName, Mapping } from './import-mapping.js';
import { POINTERS } from './import-said.js';
import { LedgerClient, type Answer } from './ledger-client.js';
import { InterruptedError } from './report.js';

export interface LedgerOptions {
  readonly mapping: Mapping;
  readonly url: string;
  /** Who sends it, to a server that takes the caller's word; else their token says so. */
  readonly actor: string;
  readonly token?: string;
  /** Records nothing: says what would be recorded, and what would be refused. */
  readonly dryRun?: boolean;
  /** How long a server may stay away. */
  readonly patienceMs?: number;
}
const PATIENCE_MS = 60_000;

/** What a command came to. */
export type Outcome =
  { readonly status: 'done' } | { readonly status: 'refused'; readonly why: string; readonly pointer?: string | undefined };
export const DONE: Outcome = { status: 'done' };

/** The ledger that a register is sent to. Each question and command is repeated while the server is away. */
export class RegisterLedger {
  readonly #client: LedgerClient;

  constructor(private readonly o: LedgerOptions) {
    const { token, actor, mapping } = o;
    const sender: Record<string, string> = token ? { authorization: `Bearer ${token}` } : { 'x-actor': actor };
    this.#client = new LedgerClient(o.url, { ...sender, 'x-correlation-id': `register:${mapping.key.scheme}` }, PATIENCE_MS);
  }
  close(): void {
    this.#client.close();
  }

  /** Undefined where all of it has been withdrawn. */
  async contract(id: string): Promise<Believed | undefined> {
    const answer = await this.ask('GET', `/contracts/${id}`);
    if (answer.status === 404 || answer.status === 410) return undefined;
    const { state } = this.#read<{ state: Readonly<Record<string, Json>> }>(answer, id);
    const { entries } = await this.get<{ entries: readonly HistoryEntry[] }>(`/contracts/${id}/history?limit=1`);
    return new Believed(state, entries[0]);
  }

  /** @param once tells two commands of the same words apart, the second of which is another decision */
  async post(path: string, body: object, once: string): Promise<Outcome> {
    const { mapping, dryRun } = this.o;
    const key = `register-${hash('sha256', canonical([mapping.key.scheme, path, body as Json, once])).slice(0, 40)}`;
    const answer = await this.ask('POST', `${path}${dryRun ? '?dryRun=true' : ''}`, JSON.stringify(body), dryRun ? undefined : key);
    if (answer.status === 200 || answer.status === 201) return DONE;
    if (answer.status >= 500) throw new InterruptedError(`${this.o.url} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    const { detail, errors, title } = JSON.parse(answer.text) as { detail?: string; title?: string; errors?: { pointer?: string; detail?: string }[] }; // prettier-ignore
    const [first] = errors ?? [];
    return { status: 'refused', why: detail ?? first?.detail ?? title ?? String(answer.status), pointer: first?.pointer };
  }

  async get<T>(path: string): Promise<T> {
    return this.#read<T>(await this.ask('GET', path), path);
  }
  #read<T>(answer: Answer, path: string): T {
    if (answer.status !== 200) throw new InterruptedError(`${this.o.url} answered ${answer.status} to ${path}: ${answer.text.slice(0, 300)}`); // prettier-ignore
    return JSON.parse(answer.text) as T;
  }

  async ask(method: 'GET' | 'POST', path: string, body?: string, key?: string): Promise<Answer> {
    let patience: AbortSignal | undefined;
    for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
      let why: unknown;
      const answer = await this.#client.ask(method, path, body, key).catch((error: unknown) => void (why = error));
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

interface HistoryEntry {
  readonly event: string;
}
/** What the ledger believes of a contract now. */
export class Believed {
  constructor(
    private readonly state: AnyJson,
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
