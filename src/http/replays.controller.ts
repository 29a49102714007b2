import { Readable } from 'node:stream';
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isFirst } from '../../projections/decisions.js';
import { withPolicy } from '../domain/index.js';
import { split, type WhatIf } from '../engine/audit/audit.js';
import { replayLine, Versions, type ReplayLine } from '../engine/audit/replays.js';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { brokenRule, check, type Fields, type RecordedEvent } from '../kernel/index.js';
import { localPage } from '../store/event-store.js';
import type { IndexedEvent } from '../store/read-model.js';
import { caughtUp, MIN_POSITION } from './as-of.js';
import { Budget } from './budget.js';
import { periodOf } from './decisions.controller.js';
import { loadFrom, REGISTRY, STORE, type EventStore, type Registry } from './ledger.js';
import { describeReplays } from './openapi-replays.js';
import { ADOPT, replayFields } from './replay-body.js';
import type { ReplaySummary } from './answers.js';
import { patiently } from './patiently.js';
import { BadRequestError, TooManyReplaysError } from './problem.js';
import { streamOfDecision } from './recorded.js';
import { queryOf, type Query } from './request.js';

/** Replays that may be under way. */
const MOST = 2;
/** Lines of the log's index that are read at once, and lines that are sent together at most. */
const PAGE = 500;
const SENT = 50;
/** Decisions that are replayed before other work may get its turn: a millisecond or less. */
const BREATH = 8;
/** The share of the event loop that replays take while others use it. */
const SHARE = 0.4;

interface Asked {
  readonly decision?: string | undefined;
  readonly programme?: string | undefined;
  readonly recordedFrom?: string | undefined;
  readonly recordedUntil?: string | undefined;
  readonly policy?: undefined | { readonly policy: string; readonly [field: string]: unknown };
}

/** Decisions taken again from what was known: a query, though its question comes in a body. Nothing is written. */
@Controller('replays')
export class ReplaysController {
  readonly #fields: Fields;
  #underWay = 0;

  constructor(
    @Inject(STORE) readonly store: EventStore,
    @Inject(Projector) readonly projector: Projector,
    @Inject(Engine) private readonly engine: Engine,
    @Inject(REGISTRY) private readonly registry: Registry,
  ) {
    this.#fields = replayFields(registry);
  }

  @Post()
  @HttpCode(200)
  @describeReplays()
  async replays(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const query = queryOf(request, Object.keys(MIN_POSITION));
    const asked = this.#asked(request.body);
    await caughtUp(this, query);
    const whatIf = this.#whatIf(asked);
    const events = asked.decision === undefined ? undefined : await this.#decision(asked.decision);
    if (this.#underWay >= MOST) throw new TooManyReplaysError(`${MOST} replays are under way, as many as may.`);
    if (reply.raw.destroyed) return;
    this.#underWay++;
    const gone = new AbortController();
    reply.raw.once('close', () => {
      this.#underWay--;
      gone.abort();
    });
    const lines = patiently(this.#lines(asked, events, whatIf, gone.signal), () => reply.raw.destroy());
    reply.header('content-type', 'application/jsonl; charset=utf-8').header('cache-control', 'no-store').send(Readable.from(lines));
  }

  /** @throws BadRequestError */
  #asked(body: unknown): Asked {
    const problems = check(this.#fields, body);
    if (problems.length > 0) throw new BadRequestError(problems, 'bad-body');
    const asked = body as Asked;
    const { decision, programme, recordedFrom, recordedUntil, policy } = asked;
    if (decision !== undefined && (programme ?? recordedFrom ?? recordedUntil) !== undefined)
      throw bad('/decision', 'stands alone: a decision has its programme and its time');
    if ((decision ?? programme ?? recordedFrom ?? recordedUntil) === undefined)
      throw bad('', 'must have a decision, a programme or a period (recordedFrom, recordedUntil)');
    if (policy !== undefined) this.#checkPolicy(policy);
    try {
      return { ...asked, ...periodOf(asked as unknown as Query, this.store.genesis.timeZone) };
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      const [fault] = error.errors;
      throw fault && 'parameter' in fault ? bad(`/${fault.parameter}`, fault.detail) : error;
    }
  }

  /** The rules of the policy itself, whatever the programme has adopted already. @throws BadRequestError */
  #checkPolicy(policy: NonNullable<Asked['policy']>): void {
    const { aggregate, events } = this.registry.commands.find(({ name }) => name === ADOPT)!;
    const { rules } = aggregate!.events[events[0]!]!;
    const broken = brokenRule(rules, { id: 'what-if', event: '', effectiveOn: 'unknown', data: policy }, aggregate!.initial);
    if (broken) throw bad(`/policy${broken.pointer ?? ''}`, broken.sentence);
  }

  #whatIf({ policy }: Asked): WhatIf | undefined {
    if (policy === undefined) return undefined;
    return (programme, effectiveOn) => withPolicy(programme, policy as unknown as Parameters<typeof withPolicy>[1], effectiveOn);
  }

  async #decision(decision: string): Promise<readonly RecordedEvent[]> {
    const stream = await streamOfDecision(this, decision);
    return (await loadFrom(this.engine, this.registry)(...split(stream))).decision(decision);
  }

  /** The lines as text, some at a time, then the summary. Ends when the reader has gone or the server closes. */
  async *#lines(
    asked: Asked,
    one: readonly RecordedEvent[] | undefined,
    whatIf: WhatIf | undefined,
    gone: AbortSignal,
  ): AsyncGenerator<string> {
    const versions = new Versions(this.store, this.registry.aggregates);
    const commands = new Map(this.registry.commands.map((command) => [command.name, command]));
    const counts = { replayed: 0, same: 0, differs: 0, refused: 0, failed: 0 };
    const budget = new Budget(SHARE);
    budget.begin();
    let waiting: string[] = [];
    let ended: string | undefined;
    const { projector } = this;
    const upTo = projector.sequence;
    const taken = async (events: readonly RecordedEvent[]): Promise<ReplayLine> => {
      const line = await replayLine(versions, commands.get(events[0]!.metadata.command.name), events, whatIf);
      counts.replayed++;
      counts[line.outcome]++;
      return line;
    };
    try {
      if (one) waiting.push(textOf(await taken(one)));
      else
        for await (const events of this.#decisions(asked, upTo)) {
          if (gone.aborted) return;
          if (projector.isEndingWaits) {
            ended = 'The server is closing.';
            break;
          }
          waiting.push(textOf(await taken(events)));
          versions.goOn(events);
          if (counts.replayed % BREATH === 0) await budget.breathe();
          if (waiting.length < SENT) continue;
          yield waiting.join('');
          waiting = [];
        }
    } catch (error) {
      ended = error instanceof Error ? error.message : String(error);
    }
    const position = projector.eventAt(upTo)?.position ?? null;
    const summary: ReplaySummary = { ...counts, position, ...(ended !== undefined && { ended }) };
    yield `${waiting.join('')}${textOf({ summary })}`;
  }

  /** Each decision by its events, in the order of the log. */
  #decisions(asked: Asked, upTo: number): AsyncGenerator<readonly RecordedEvent[]> {
    return asked.programme === undefined ? this.#ofPeriod(asked, upTo) : this.#about(`programme:${asked.programme}`, asked, upTo);
  }

  /** All of a period, from pages of the log: a decision is stored at once, so its events follow each other. */
  async *#ofPeriod({ recordedFrom: from, recordedUntil: until }: Asked, upTo: number): AsyncGenerator<readonly RecordedEvent[]> {
    const { projector, store } = this;
    const end = until === undefined ? upTo : Math.min(upTo, projector.asOf(until).sequence);
    const [first] = from === undefined ? [{ sequence: 1 }] : await projector.events({ tags: [], from, after: 0, upTo: end, limit: 1 });
    if (!first) return;
    let after = projector.eventAt(first.sequence - 1)?.position;
    let open: RecordedEvent[] = [];
    for (let sequence = first.sequence; sequence <= end;) {
      const page = await store.readAll(after, Math.min(PAGE, end - sequence + 1));
      if (page.length === 0) break;
      for (const event of page) {
        if (open.length > 0 && open[0]!.metadata.command.id !== event.metadata.command.id) {
          yield open;
          open = [];
        }
        if (open.length > 0 || isFirst(event)) open.push(event);
      }
      sequence += page.length;
      after = page.at(-1)!.position;
    }
    if (open.length > 0) yield open;
  }

  /** What is tagged, from the log's index: the later events of a decision may be about something else. */
  async *#about(tag: string, { recordedFrom: from, recordedUntil: until }: Asked, upTo: number): AsyncGenerator<readonly RecordedEvent[]> {
    for (let after = 0; ;) {
      const lines = await this.projector.events({ tags: [tag], from, until, after, upTo, limit: PAGE });
      for (const run of runsOf(lines)) {
        const events = await localPage(this.store, run.stream, run.from, run.count);
        for (let i = 0; i < events.length; i++) if (isFirst(events[i]!)) yield await this.#whole(events.slice(i));
      }
      if (lines.length < PAGE) return;
      after = lines.at(-1)!.sequence;
    }
  }

  /** All events of the decision that the first one begins: the last ones may lie beyond what was read. */
  async #whole(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const [first] = events as readonly [RecordedEvent];
    const { id } = first.metadata.command;
    const own = events.findIndex(({ metadata }) => metadata.command.id !== id);
    if (own !== -1) return events.slice(0, own);
    let all = events;
    for (;;) {
      const [next] = await localPage(this.store, first.stream, all.at(-1)!.revision + 1, 1);
      if (next?.metadata.command.id !== id) return all;
      all = [...all, next];
    }
  }
}

const bad = (pointer: string, detail: string): BadRequestError => new BadRequestError([{ pointer, detail }], 'bad-body');
const textOf = (line: object): string => `${JSON.stringify(line)}\n`;

/** Runs of a stream in lines of the index: each is one read. */
const runsOf = (lines: readonly IndexedEvent[]): readonly { readonly stream: string; readonly from: number; readonly count: number }[] => {
  const runs: { readonly stream: string; readonly from: number; count: number }[] = [];
  for (const { stream, revision } of lines) {
    const last = runs.at(-1);
    if (last && last.stream === stream && last.from + last.count === revision) last.count++;
    else runs.push({ stream, from: revision, count: 1 });
  }
  return runs;
};
