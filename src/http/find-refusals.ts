import { aggregates, commands } from '../domain/index.js';
import { engineRefusals } from '../engine/write/decide.js';
import { isIdentifier, stageRefusals } from '../kernel/index.js';
import { REFUSAL_STATUSES, type Refusal } from '../refusals/refusal.js';
import { RefusalRecorder, WINDOW_MS } from '../refusals/refusal-recorder.js';
import type { RefusalTotals, RememberedRefusal } from './answers.js';
import { periodOf } from './decisions.controller.js';
import { badParameter, titleOf } from './problem.js';
import { oneOf, type Query } from './request.js';
import { PERSON } from './token-file.js';

/** Every code that a refusal may have. */
export const refusalCodes: readonly string[] = [
  ...new Set([
    ...Object.keys(engineRefusals),
    ...aggregates.flatMap(({ category }) => Object.keys(stageRefusals(category))),
    ...commands.flatMap(({ refusals }) => Object.keys(refusals)),
    ...['key-reused', 'not-allowed', 'not-authenticated', 'stale-revision', 'too-many-failed-sign-ins'],
  ]),
].sort();
export const commandNames: readonly string[] = [...new Set(commands.map(({ name }) => name))].sort();

export const REFUSAL_FILTERS = ['actor', 'command', 'rule', 'policy', 'stream', 'programme', 'status', 'from', 'to'];
const POLICY = /^[a-z0-9-]{1,64}(\/[a-z0-9-]{1,64})?$/;

/** What is asked of refusals: all of it must hold. */
export interface WantedRefusals {
  readonly actor?: string | undefined;
  readonly command?: string | undefined;
  readonly rule?: string | undefined;
  readonly policy?: string | undefined;
  readonly stream?: string | undefined;
  readonly programme?: string | undefined;
  readonly status?: number | undefined;
  /** Instants, inclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** @throws BadRequestError */
export const wantedRefusals = (query: Query, timeZone: string): WantedRefusals => {
  const { actor, command, rule, policy, stream, programme, status } = query;
  if (actor !== undefined && !PERSON.test(actor)) throw badParameter('actor', 'must be a person id');
  oneOf(query, 'command', commandNames);
  oneOf(query, 'rule', refusalCodes);
  oneOf(query, 'status', REFUSAL_STATUSES.map(String));
  if (policy !== undefined && !POLICY.test(policy))
    throw badParameter('policy', 'must be a policy or one of its rules, such as scheme/approval');
  if (stream !== undefined && !isStream(stream)) throw badParameter('stream', 'must be the stream of an aggregate, such as contract-x');
  if (programme !== undefined && !isIdentifier(programme)) throw badParameter('programme', 'must be an id');
  const { recordedFrom: from, recordedUntil: to } = periodOf(query, timeZone, ['from', 'to']);
  return { actor, command, rule, policy, stream, programme, status: status === undefined ? undefined : Number(status), from, to };
};
const isStream = (stream: string): boolean => /^[a-z0-9-]{1,100}$/.test(stream);

const matches = (refusal: Refusal, wanted: WantedRefusals): boolean => {
  const { actor, command, rule, policy, stream, programme, status, from, to } = wanted;
  return (
    (actor === undefined || refusal.actor === actor) &&
    (command === undefined || refusal.command === command) &&
    (rule === undefined || refusal.code === rule) &&
    (policy === undefined || (refusal.policies ?? []).some((one) => one === policy || one.startsWith(`${policy}/`))) &&
    (stream === undefined || refusal.stream === stream) &&
    (programme === undefined || refusal.programme === programme) &&
    (status === undefined || refusal.status === status) &&
    (from === undefined || (refusal.until ?? refusal.refusedAt) >= from) &&
    (to === undefined || refusal.refusedAt <= to)
  );
};

/** Refusals that a page looks at, and totals do; bytes of a page, about. */
const MAX_LOOKED_AT = 20_000;
const MAX_COUNTED = 100_000;
const PAGE_BYTES = 512 << 10;
/** People, commands and rules that totals name: those with the most. */
const MAX_NAMED = 100;

export interface FoundRefusals {
  readonly refusals: readonly RememberedRefusal[];
  /** The id below which to go on; absent at the end. */
  readonly next?: string;
}

/** Finds refusals of this node, newest first. */
export class RefusalFinder {
  constructor(readonly recorder: Pick<RefusalRecorder, 'newestFirst' | 'unremembered' | 'failure' | 'isOn'>) {}

  /** A page: at most `limit`, about 512 KB, 20,000 looked at. It may be empty, and say where to go on. */
  async page(wanted: WantedRefusals, before: number | undefined, limit: number): Promise<FoundRefusals> {
    const refusals: RememberedRefusal[] = [];
    let [looked, bytes, last] = [0, 0, ''];
    for await (const { rows } of this.recorder.newestFirst(before)) {
      for (const row of rows) {
        if (refusals.length === limit || bytes >= PAGE_BYTES || looked === MAX_LOOKED_AT) return { refusals, next: last };
        if (isBefore(row, wanted.from)) return { refusals };
        looked++;
        last = row.id;
        if (!matches(row, wanted)) continue;
        refusals.push(shown(row));
        bytes += 500 + (row.detail?.length ?? 0);
      }
    }
    return { refusals };
  }

  /** All of them, a part at a time. */
  async *every(wanted: WantedRefusals): AsyncGenerator<readonly RememberedRefusal[]> {
    for await (const { rows } of this.recorder.newestFirst()) {
      const recent = rows.filter((row) => !isBefore(row, wanted.from));
      yield recent.filter((row) => matches(row, wanted)).map(shown);
      if (recent.length < rows.length) return;
    }
  }

  /** How many there are, of 100,000 lines at most. */
  async totals(wanted: WantedRefusals): Promise<RefusalTotals> {
    const counts = { status: new Map<string, number>(), actor: new Map<string, number>(), command: new Map<string, number>(), rule: new Map<string, number>() }; // prettier-ignore
    const count = (of: Map<string, number>, name: string | undefined, times: number): void =>
      void (name !== undefined && of.set(name, (of.get(name) ?? 0) + times));
    let [refusals, looked, complete] = [0, 0, true];
    counting: for await (const { rows } of this.recorder.newestFirst())
      for (const row of rows) {
        if (isBefore(row, wanted.from)) break counting;
        if (looked++ === MAX_COUNTED) {
          complete = false;
          break counting;
        }
        if (!matches(row, wanted)) continue;
        refusals += row.times;
        count(counts.status, String(row.status), row.times);
        count(counts.actor, row.actor, row.times);
        count(counts.command, row.command, row.times);
        count(counts.rule, row.code, row.times);
      }
    const most = (of: Map<string, number>) => Object.fromEntries([...of].sort(([, a], [, b]) => b - a).slice(0, MAX_NAMED));
    return {
      refusals,
      byStatus: most(counts.status),
      byActor: most(counts.actor),
      byCommand: most(counts.command),
      byRule: most(counts.rule),
      complete,
    };
  }
}

/** An id tells the time at which its line was begun, and a line counts for a minute at most. */
const isBefore = ({ id }: Refusal, from: string | undefined): boolean =>
  from !== undefined && Number(id) / 1000 + WINDOW_MS < Date.parse(from);
const shown = (refusal: Refusal): RememberedRefusal => ({ ...refusal, title: titleOf(refusal.code, commands) });
