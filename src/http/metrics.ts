import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';
import type { Automations } from '../engine/automation/automations.js';
import type { Replica } from './ledger.js';

/** Read at each scrape; nothing is kept up to date in between. */
export interface Gauges {
  underWay(): number;
  isClockTrusted(): boolean;
  /** Whether the last append was refused for want of room, of memory or because of a lock, or the store failed. */
  isRefusing(): boolean;
  subscribers(): number;
  readonly connections: { readonly open: number; readonly dropped: number };
  /** Events that each projection is behind the log. */
  lag(): Promise<Readonly<Record<string, number>>>;
  /** Sequence of the last event in the log. */
  head(): number;
  /** What is signed, and what the last check of the whole log came to. */
  readonly proof: {
    isAltered(): boolean;
    /** Events under the last checkpoint. */
    signed(): number;
    /** Events under the last checkpoint that every outsider has taken. */
    anchored(): number;
    /** Events that the last whole check found unaltered; 0 before the first. */
    checked(): number;
    /** Seconds since it ended; NaN before the first. */
    checkAge(): number;
  };
  /** Where this node issues what is due: commands by automation and outcome, and what keeps them from it. */
  readonly automations?: Pick<Automations, 'counts' | 'failed' | 'isResting'>;
  /** What this node refused. */
  readonly refusals: {
    /** Since the start, by status. */
    readonly counts: ReadonlyMap<number, number>;
    /** Since the start, of which nothing is remembered. */
    readonly unremembered: number;
    /** Bytes of the files. */
    readonly bytes: number;
  };
  /** Where the log is kept elsewhere. */
  readonly replica?: () => Pick<Replica, 'sequence' | 'connected' | 'age' | 'faulted'>;
}

/**
 * How often the lag of the event loop is measured and how often its use, in milliseconds: by default every 10 and 100, which is most of what
 * a server does while nobody asks it.
 */
const SAMPLED = { eventLoopMonitoringPrecision: 25, eventLoopUtilizationTimeout: 1000 };

export class Metrics {
  readonly #registry = new Registry();
  readonly #commands = new Counter({
    name: 'ledger_commands_total',
    help: 'Commands by name and outcome.',
    labelNames: ['command', 'outcome'] as const,
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'ledger_http_request_duration_seconds',
    help: 'Requests by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [this.#registry],
  });

  constructor(gauges: Gauges) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, ...SAMPLED });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('ledger_commands_under_way', 'Commands in the queue.', gauges.underWay);
    gauge('ledger_clock_trusted', 'Whether commands are accepted by the clock: 1, or 0.', () => (gauges.isClockTrusted() ? 1 : 0));
    gauge('ledger_store_refuses', 'Whether the store refused the last append (full disk, lock, failure): 1, or 0.', () =>
      gauges.isRefusing() ? 1 : 0,
    );
    gauge('ledger_subscribers', 'Clients that follow projections.', gauges.subscribers);
    gauge('ledger_connections', 'Connections that are open.', () => gauges.connections.open);
    gauge('ledger_connections_dropped', 'Connections dropped since the start: as many as may were open.', () => gauges.connections.dropped);
    gauge('ledger_log_head', 'Sequence of the last event in the log.', gauges.head);
    const { replica, proof, refusals, automations } = gauges;
    gauge('ledger_refusals_bytes', 'Bytes of remembered refusals.', () => refusals.bytes);
    gauge('ledger_refusals_unremembered', 'Refusals since the start of which nothing is remembered.', () => refusals.unremembered);
    new Gauge({
      name: 'ledger_refusals',
      help: 'Refusals of this node since its start, by status.',
      labelNames: ['status'] as const,
      registers,
      collect() {
        for (const [status, count] of refusals.counts) this.set({ status: String(status) }, count);
      },
    });
    gauge('ledger_history_altered', 'Whether the log is not the one that was signed: 1, or 0.', () => (proof.isAltered() ? 1 : 0));
    gauge('ledger_checkpoint_events', 'Events under the last signed checkpoint.', proof.signed);
    gauge('ledger_anchored_events', 'Events under the last checkpoint that every outsider has taken.', proof.anchored);
    gauge('ledger_log_check_events', 'Events that the last check of the whole log found unaltered.', proof.checked);
    gauge('ledger_log_check_age_seconds', 'Seconds since the last check of the whole log ended; NaN before the first.', proof.checkAge);
    if (automations) {
      gauge('ledger_automations_run', 'Whether automations go on: 1; or rest, because nothing is recorded, or failed: 0.', () =>
        automations.failed === undefined && !automations.isResting ? 1 : 0,
      );
      new Gauge({
        name: 'ledger_automation_commands',
        help: 'Commands that automations issued since the start, by automation and outcome.',
        labelNames: ['automation', 'outcome'] as const,
        registers,
        collect() {
          for (const { automation, outcome, count } of automations.counts) this.set({ automation, outcome }, count);
        },
      });
    }
    if (replica) {
      gauge('ledger_store_connected', 'Whether the replica follows the store: 1, or 0.', () => (replica().connected ? 1 : 0));
      gauge('ledger_replica_events', 'Events of the store that are in the replica.', () => replica().sequence);
      gauge(
        'ledger_replica_age_seconds',
        'Seconds since the replica was known to have all of the log; NaN when it never was.',
        () => replica().age ?? NaN,
      );
      gauge(
        'ledger_replica_faulted_streams',
        'Streams that are broken on the server, foreign, of an unknown category, or damaged in the replica.',
        () => replica().faulted.count,
      );
    }
    new Gauge({
      name: 'ledger_projection_lag_events',
      help: 'Events that a projection is behind the log.',
      labelNames: ['projection'] as const,
      registers,
      async collect() {
        for (const [projection, lag] of Object.entries(await gauges.lag())) this.set({ projection }, lag);
      },
    });
  }

  command(command: string, outcome: string): void {
    this.#commands.inc({ command, outcome });
  }

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', (request, reply, done) => {
      const { url = 'none' } = request.routeOptions;
      if (!url.endsWith('/updates'))
        // a stream lasts as long as its client stays
        this.#durations.observe({ method: request.method, route: url, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
