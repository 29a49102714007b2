import {
  aggregate,
  eventsOf,
  list,
  object,
  optional,
  ref,
  references,
  text,
  withReferences,
  type ExternalReference,
} from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';

/** What is decided of a tower itself. Procuring, live, exiting and the like are derived from its contracts by a projection. */
export interface Tower {
  readonly stage: 'none' | 'planned' | 'merged' | 'split' | 'cancelled';
  readonly programme?: string;
  readonly title: string;
  readonly scope?: string;
  readonly plannedOn?: string;
  readonly merged?: { readonly into: string; readonly on: string };
  readonly split?: { readonly into: readonly Part[]; readonly on: string };
  readonly cancelled?: { readonly why: string; readonly on: string };
  readonly references?: readonly ExternalReference[];
}

/** A tower that goes on with a part of what another one held. */
export interface Part {
  readonly tower: string;
  /** The contracts of the former tower that serve it from then on. */
  readonly contracts?: readonly string[];
  /** What else went there: plans, targets, services, in the words of the record. */
  readonly takes?: string;
}

const event = eventsOf<Tower, Programme>();
/** Where a list names something again; -1 where it does not. */
const secondIn = (ids: readonly string[] = []): number => ids.findIndex((id, i) => ids.indexOf(id) < i);

export const tower = aggregate({
  category: 'tower',
  initial: { stage: 'none', title: '' } as Tower,
  stages: ['none', 'planned', 'merged', 'split', 'cancelled'],
  events: {
    TowerPlanned: event({
      allowedIn: ['none'],
      fields: {
        programme: ref('programme'),
        title: text('Name of the tower', { example: 'Hosting' }),
        scope: optional(text('What the tower holds', { max: 1000 })),
        references,
      },
      evolve: (_, { programme, title, scope, references }, { effectiveOn }) => ({
        stage: 'planned',
        programme,
        title,
        plannedOn: effectiveOn,
        ...(scope && { scope }),
        ...withReferences([], references),
      }),
    }),
    TowerMerged: event({
      allowedIn: ['planned'],
      fields: { into: ref('tower', 'The tower that goes on') },
      rules: {
        'tower/merged-into-itself': {
          says: 'A tower is merged into another one.',
          field: '/into',
          holds: ({ data: { into }, id }) => into !== id,
        },
      },
      evolve: (t, { into }, { effectiveOn }) => ({ ...t, stage: 'merged', merged: { into, on: effectiveOn } }),
    }),
    TowerSplit: event({
      allowedIn: ['planned'],
      fields: {
        into: list(
          object({
            tower: ref('tower', 'A tower that goes on'),
            contracts: optional(list(ref('contract'), 'Contracts that serve it from then on', { min: 1, max: 50 })),
            takes: optional(text('What else goes there: plans, targets, services', { max: 1000 })),
          }),
          'The towers that go on; a contract that serves several of them is named in each',
          { min: 2, max: 20, example: [{ tower: 'hosting', takes: 'The plan for the data centres' }, { tower: 'networks' }] },
        ),
      },
      rules: {
        'tower/split-into-itself': {
          says: 'A tower is split into other ones, each named once.',
          field: ({ id, data: { into } }) =>
            `/into/${into.findIndex(({ tower }, i) => tower === id || into.findIndex((one) => one.tower === tower) < i)}/tower`,
          holds: ({ id, data: { into } }) => new Set([id, ...into.map(({ tower }) => tower)]).size === into.length + 1,
        },
        'tower/contract-named-twice': {
          says: 'A contract is named once in each tower that goes on.',
          field: ({ data: { into } }) => {
            const part = into.findIndex(({ contracts }) => secondIn(contracts) >= 0);
            return `/into/${part}/contracts/${secondIn(into[part]!.contracts)}`;
          },
          holds: ({ data: { into } }) => into.every(({ contracts }) => secondIn(contracts) < 0),
        },
      },
      evolve: (t, { into }, { effectiveOn }) => ({ ...t, stage: 'split', split: { into, on: effectiveOn } }),
    }),
    TowerCancelled: event({
      allowedIn: ['planned'],
      fields: { why: text('Why, in our own words', { max: 1000 }) },
      evolve: (t, { why }, { effectiveOn }) => ({ ...t, stage: 'cancelled', cancelled: { why, on: effectiveOn } }),
    }),
  },
  about: (id, { programme, merged, split }) => ({
    tower: [id, ...(merged ? [merged.into] : []), ...(split ? split.into.map(({ tower }) => tower) : [])],
    ...(programme && { programme }),
  }),
  governedBy: { aggregate: programme, of: (t) => t.programme },
});
