import type { FastifyInstance } from 'fastify';
import type { AnyCommand, AnyAggregate } from '../kernel/index.js';

/** A command under one aggregate: the ledger's own commands have a route under every aggregate. */
export const placesOf = (command: AnyCommand, aggregates: readonly AnyAggregate[]): readonly AnyAggregate[] =>
  command.aggregate ? [command.aggregate] : aggregates;

/** Takes no token: whether the server is up, how it is spoken to, and what outsiders keep of its history: a root shows none of it. */
export const isOpen = (route: string): boolean =>
  ['/', '/livez', '/readyz', '/openapi.json', '/proofs/checkpoint', '/proofs/key'].includes(route) || isDocs(route);
/** The calendar, whose token may stand in its address. */
export const FEED = '/deadlines.ics';
/** What was refused to whom, for those who look into that. */
export const showsRefusals = (route: string | undefined): boolean => route === '/refusals' || route === '/app/refusals';
/** A query that is sent with a body: it is a read, whatever its method, and records nothing. */
export const isQuery = (method: string, route: string | undefined): boolean =>
  method === 'POST' && (route === '/replays' || route === '/stream-tickets');
/** An answer that goes on as long as its client stays. */
export const isStream = (route: string | undefined): boolean => route?.endsWith('/updates') === true;
/** Pages for people, in a browser. */
export const isPage = (route: string): boolean => /^\/app(\/|$)/.test(route);
export const isDocs = (route: string): boolean => /^\/docs(\/|$)/.test(route);

/** Which methods there are at a path, for an honest 405. */
export class Routes {
  readonly #methods = new Map<string, Set<string>>();

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      const methods = this.#methods.get(url) ?? new Set();
      for (const m of [method].flat()) methods.add(m);
      this.#methods.set(url, methods);
    });
  }

  methodsAt(path: string): readonly string[] {
    const steps = path.split('/');
    const matching = [...this.#methods].filter(([url]) => {
      const pattern = url.split('/');
      return pattern.length === steps.length && pattern.every((step, i) => (step.startsWith(':') ? steps[i] !== '' : step === steps[i]));
    });
    return [...new Set(matching.flatMap(([, methods]) => [...methods]))].sort();
  }
}
